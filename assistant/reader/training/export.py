"""Trained weights to the ONNX file that ships: `python -m assistant.reader.training.export WEIGHTS [INTO]`."""

import sys
import tempfile
import warnings
from pathlib import Path

import torch

from assistant.reader.reader import MODEL
from assistant.reader.training.network import network
from index.onnx import quantise


def export(weights: Path, into: Path, *, full: bool = False) -> None:
    """Writes `into` (and its hash beside it): ids and types int64 (1, n) to the start and end logits
    float32 (1, n, 2) and the logit of relevance float32 (1,). Quantised to int8 unless `full`."""
    reader = network(weights).eval()
    reader.enc.config._attn_implementation = "eager"

    class Alone(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.reader = reader

        def forward(self, ids, types):
            return self.reader(ids, types, torch.ones_like(ids))

    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into.parent) as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = Path(folder, "full.onnx")
        sample = torch.tensor([[101, 2040, 7711, 102, 2789, 102]])
        torch.onnx.export(
            Alone(), (sample, torch.tensor([[0, 0, 0, 0, 1, 0]])), made, dynamo=False, opset_version=17,
            input_names=["ids", "types"], output_names=["ends", "relevance"],
            dynamic_axes={"ids": {1: "n"}, "types": {1: "n"}, "ends": {1: "n"}},
        )  # fmt: skip
        quantise(made, into, plain=full)


if __name__ == "__main__":
    export(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else MODEL, full="--full" in sys.argv)
