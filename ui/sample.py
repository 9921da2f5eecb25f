"""What `byline serve` opens: the person's library once it holds a document, else the sample."""

import hashlib
import json
from pathlib import Path

from assistant.assistant import Assistant
from corpus.add import add
from corpus.library import Library
from corpus.types import BylineError
from index import encoder as encoders
from index.sync import sync

SAMPLE = Path(__file__).resolve().parent.parent / "corpus" / "sample"
STARTERS = SAMPLE / "questions.json"


def open_or_sample(folder: Path) -> tuple[Assistant, str | None, list[str]]:
    """The assistant, a banner (None for the person's own library) and questions to start with."""
    if Library.is_in(folder):
        own = Library(folder)
        if own.coverage()[0]:
            return Assistant(own), None, []
    banner = (
        "This is the bundled sample: short dispatches written for Byline, with editorial dates. "
        f"There are no documents in {folder} yet. Add your own on the page Documents, or: byline add FOLDER"
    )
    return Assistant(sample_library()), banner, json.loads(STARTERS.read_text())


def sample_library() -> Library:
    """The sample as a library of its own beside the models, made when it is not there yet."""
    dispatches = sorted(SAMPLE.glob("*.md"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in dispatches)).hexdigest()[:12]
    library = Library(encoders.exported_path().parent / f"sample-{digest}", create=True)
    if library.coverage()[0] < len(dispatches):
        encoder = encoders.Encoder()
        report = add(library, dispatches, embed=encoder.encode, encoder=encoder.fingerprint)
        if report.failed:
            raise BylineError(f"the bundled sample cannot be read: {report.failed[0]}")
        sync(library)
    return library


if __name__ == "__main__":  # `make setup` prepares it, so that the first start need not
    sample_library()
