"""Trains the reader on two cores: `python -m assistant.reader.training.train --help`.

Loss: the mean of the cross-entropies of start and end (over the judged pieces and CLS, which stands for
"no answer"), half the binary cross-entropy of relevance, and a third of the cross-entropy over the
examples of one question, which ranks them. AdamW (Loshchilov and Hutter 2019) with warm-up and linear
decay; the weights kept are a running mean (Polyak averaging).
"""

import argparse
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file as load_arrays
from safetensors.torch import load_file, save_file
from torch.nn import functional

from assistant.reader.training.network import learnt, network

BATCH = 2600  # word pieces, about 32 examples
TOGETHER = 1100  # word pieces that go through at once, of nearly one length
PEAK, WARM, DECAY, CLIP = 1.5e-4, 0.04, 0.01, 1.0
MEAN = 0.998  # of the running mean, a step
RELEVANCE, RANKING = 0.5, 0.33
KEEP = 100  # steps between checkpoints


def batches(packed: dict[str, np.ndarray], seed: int) -> Iterator[np.ndarray]:
    """Rows of examples, a batch at a time, the examples of one question together."""
    order = np.argsort(packed["groups"], kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(packed["groups"][order])) + 1)
    lengths = np.diff(packed["begins"])
    np.random.default_rng(seed).shuffle(parts)
    batch, size = [], 0
    for part in parts:
        batch.append(part)
        size += lengths[part].sum()
        if size >= BATCH:
            yield np.concatenate(batch)
            batch, size = [], 0


def chunks(rows: np.ndarray, lengths: np.ndarray) -> Iterator[np.ndarray]:
    """The rows by length, in chunks that are padded together."""
    rows = rows[np.argsort(lengths[rows], kind="stable")]
    chunk: list[int] = []
    for row in rows:
        if chunk and lengths[row] * (len(chunk) + 1) > TOGETHER:
            yield np.array(chunk)
            chunk = []
        chunk.append(row)
    yield np.array(chunk)


def inputs(packed: dict[str, np.ndarray], rows: np.ndarray) -> tuple[torch.Tensor, ...]:
    """Ids, types and mask of some examples, int64 (n, length); and which pieces are judged, bool."""
    begins = packed["begins"]
    length = int((begins[rows + 1] - begins[rows]).max())
    ids = np.zeros((len(rows), length), np.int64)
    mask, types = np.zeros_like(ids), np.zeros_like(ids)
    for i, row in enumerate(rows):
        own = packed["ids"][begins[row] : begins[row + 1]]
        ids[i, : len(own)], mask[i, : len(own)] = own, 1
        first, last = packed["judged"][row]
        types[i, first:last] = 1
    judged = types.astype(bool)
    judged[:, 0] = True
    return tuple(map(torch.from_numpy, (ids, types, mask, judged)))


def loss_of(reader, packed: dict[str, np.ndarray], labels: dict[int, list], rows: np.ndarray) -> torch.Tensor:
    """The loss of one batch."""
    spans, scores, seen = [], [], []
    for chunk in chunks(rows, np.diff(packed["begins"])):
        ids, types, mask, judged = inputs(packed, chunk)
        logits, relevance = reader(ids, types, mask)
        known = [(i, entry) for i, row in enumerate(chunk) for entry in labels.get(int(row), ())]
        if known:
            which = torch.tensor([i for i, _ in known])
            weights = torch.tensor([entry[2] for _, entry in known])
            likely = functional.log_softmax(logits.masked_fill(~judged[..., None], -1e4), dim=1)
            for side in (0, 1):
                spans.append(-(likely[which, torch.tensor([e[side] for _, e in known]), side] * weights).sum())
        scores.append(relevance)
        seen.append(chunk)
    rows, scores = np.concatenate(seen), torch.cat(scores)
    right = torch.from_numpy(packed["relevant"][rows]).float()
    with_span = sum(int(row) in labels for row in rows)
    loss = RELEVANCE * functional.binary_cross_entropy_with_logits(scores, right)
    loss = loss + torch.stack(spans).sum() / (2 * max(1, with_span))
    ranked = []
    groups = torch.from_numpy(packed["groups"][rows])
    for group in groups.unique():
        own = groups == group
        if 0 < right[own].sum() < own.sum():
            likely = functional.log_softmax(scores[own], dim=0)
            ranked.append(-(likely * right[own]).sum() / right[own].sum())
    return loss + RANKING * torch.stack(ranked).mean() if ranked else loss


def train(packed: dict[str, np.ndarray], start: Path, folder: Path, steps: int, peak: float, frozen: int, seed: int) -> None:
    """Trains for so many steps, writing checkpoints and, at the end, `reader.safetensors`; goes on
    from the last checkpoint in the folder if there is one. The lowest layers can be left as they are
    (`frozen` of them), which saves their share of the way back."""
    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    reader = network(start).train()
    for layer in reader.enc.encoder.layer[:frozen]:
        layer.requires_grad_(False)
    weights = {name: tensor for name, tensor in reader.named_parameters() if tensor.requires_grad}
    decayed = [tensor for tensor in weights.values() if tensor.dim() > 1]
    others = [tensor for tensor in weights.values() if tensor.dim() <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}], lr=peak, betas=(0.9, 0.98)
    )
    mean = {name: tensor.detach().clone() for name, tensor in weights.items()}
    labels: dict[int, list] = {}
    for (row, first, last), weight in zip(packed["labels"].tolist(), packed["weights"].tolist(), strict=True):
        labels.setdefault(row, []).append((first, last, weight))
    begun = _resume(folder, weights, mean, optimiser)
    clock, losses, step = time.monotonic(), [], 0
    round_ = 0
    while step < steps:
        for rows in batches(packed, seed + round_):
            if step >= steps:
                break
            step += 1
            if step <= begun:  # the same batches were gone through before
                continue
            share = min(step / (WARM * steps), (steps - step) / ((1 - WARM) * steps) + 0.01)
            for group in optimiser.param_groups:
                group["lr"] = peak * min(1.0, share)
            loss = loss_of(reader, packed, labels, rows)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights.values(), CLIP)
            optimiser.step()
            with torch.no_grad():
                keep = min(MEAN, step / (step + 10))
                for name, tensor in weights.items():
                    mean[name].lerp_(tensor, 1 - keep)
            losses.append(loss.item())
            if step % 20 == 0:
                rate = (step - begun) / (time.monotonic() - clock)
                print(f"step {step}/{steps} loss {np.mean(losses[-100:]):.3f} {rate:.2f} steps/s", flush=True)
            if step % KEEP == 0:
                _checkpoint(folder, step, weights, mean, optimiser)
        round_ += 1
    save_file({name: tensor.half().contiguous() for name, tensor in (learnt(reader) | mean).items()}, folder / "reader.safetensors")


def _checkpoint(folder: Path, step: int, weights: dict, mean: dict, optimiser) -> None:
    kept = {"step": torch.tensor([step])}
    for name, tensor in weights.items():
        state = optimiser.state[tensor]
        kept |= {f"now.{name}": tensor.detach(), f"mean.{name}": mean[name]}
        kept |= {f"first.{name}": state["exp_avg"], f"second.{name}": state["exp_avg_sq"]}
    save_file(kept, folder / "checkpoint.tmp")
    os.replace(folder / "checkpoint.tmp", folder / "checkpoint.safetensors")


def _resume(folder: Path, weights: dict, mean: dict, optimiser) -> int:
    path = folder / "checkpoint.safetensors"
    if not path.exists():
        return 0
    kept = load_file(path)
    step = int(kept["step"])
    with torch.no_grad():
        for name, tensor in weights.items():
            tensor.copy_(kept[f"now.{name}"])
            mean[name].copy_(kept[f"mean.{name}"])
            optimiser.state[tensor] = {
                "step": torch.tensor(float(step)),
                "exp_avg": kept[f"first.{name}"].clone(),
                "exp_avg_sq": kept[f"second.{name}"].clone(),
            }
    print(f"going on from step {step}", flush=True)
    return step


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train the reader; stop it at any time, and go on with the same command.")
    parser.add_argument("examples", type=Path, help="a file that assistant.reader.training.examples wrote")
    parser.add_argument("folder", type=Path, help="where checkpoints and the trained weights go")
    parser.add_argument("--start", type=Path, help="weights to start from; without them, MiniLM's")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--peak", type=float, default=PEAK, help="the highest learning rate")
    parser.add_argument("--frozen", type=int, default=0, help="how many of the lowest layers stay as they are")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    train(load_arrays(given.examples), given.start, given.folder, given.steps, given.peak, given.frozen, given.seed)
