"""ONNX models: run them, make them, and trust only files whose hash is noted beside them."""

import hashlib
import logging
import os
import tempfile
import warnings
from pathlib import Path

import numpy as np

from corpus.types import BylineError


class Model:
    """A model under ONNX Runtime, one thread a call (callers run as many calls as there are cores) unless
    more are asked for. The threads change nothing in what comes out.

    Raises BylineError when the file is missing or is not the one that was made here.
    """

    def __init__(self, path: Path, threads: int = 1):
        import onnxruntime

        if not verified(path):
            raise BylineError(f"{path}: the model is missing or damaged: run `make setup` again")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(self, **inputs: np.ndarray) -> list[np.ndarray]:
        """The model's outputs, in its order."""
        return self._session.run(None, inputs)


def verified(path: Path) -> bool:
    """Whether the file is there and has the SHA-256 that was noted when it was made."""
    noted = path.with_suffix(".sha256")
    if not path.is_file() or not noted.is_file():
        return False
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest() == noted.read_text().strip()


def export_encoder(bert, path: Path) -> None:
    """Writes `path` (and its hash beside it) from a BERT of `transformers`: word pieces int64 (1, n)
    to the unit mean of the last hidden states, float32 (1, dimension)."""
    import torch

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bert = bert.eval()

        def forward(self, input_ids):
            states = self.bert(
                input_ids=input_ids,
                attention_mask=torch.ones_like(input_ids),
                token_type_ids=torch.zeros_like(input_ids),
            ).last_hidden_state
            return torch.nn.functional.normalize(states.mean(1), dim=1)

    bert.config._attn_implementation = "eager"
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        full = Path(folder, "full.onnx")
        # The TorchScript exporter: the newer one needs another package for the same graph.
        torch.onnx.export(
            Pooled(), (torch.tensor([[101, 2040, 7711, 2789, 102]]),), full, dynamo=False, opset_version=17,
            input_names=["input_ids"], output_names=["vector"], dynamic_axes={"input_ids": {1: "n"}},
        )  # fmt: skip
        quantise(full, path)


def quantise(full: Path, path: Path, *, plain: bool = False) -> None:
    """Writes `path` and its hash from a float32 model, quantised to int8 unless `plain`: dynamic, per channel, with weights of 7 bits, since 8 bits overflow the
    16-bit sums of processors that have AVX2 alone. So every machine makes the same vectors."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.getLogger().setLevel(logging.ERROR)  # it advises pre-processing, which changes nothing here
    made = full if plain else full.with_name("int8.onnx")
    if not plain:
        quantize_dynamic(
            full, made, op_types_to_quantize=["MatMul", "Gather"], per_channel=True, reduce_range=True,
            weight_type=QuantType.QInt8, extra_options={"MatMulConstBOnly": True},
        )  # fmt: skip
    noted = made.with_suffix(".sha256")
    noted.write_text(hashlib.sha256(made.read_bytes()).hexdigest() + "\n")
    os.replace(made, path)
    os.replace(noted, path.with_suffix(".sha256"))
