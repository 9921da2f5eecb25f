"""Libraries of the open sets for measuring, built once in `.bench/` and kept."""

import json
from pathlib import Path

from corpus.add import add
from corpus.library import Library
from index.encoder import Encoder
from index.sync import Index, sync

FOLDER = Path(__file__).resolve().parents[2] / ".bench"


def library(name: str, documents: dict[str, str] | list[dict], encoder: Encoder) -> tuple[Library, Index]:
    """A library that holds these documents: texts by name, or records as in JSONL."""
    FOLDER.mkdir(exist_ok=True)
    source = FOLDER / f"{name}.jsonl"
    if isinstance(documents, dict):
        documents = [{"id": id, "text": text} for id, text in documents.items()]
    source.write_text("".join(json.dumps(record) + "\n" for record in documents))
    made = Library(FOLDER / name, create=True)
    add(made, [source], embed=encoder.encode, encoder=encoder.fingerprint)
    with made.lock():
        sync(made)
    return made, Index(made)
