"""Who answers now, and how many at once: the one place that the page's parts share."""

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.assistant import Assistant
from assistant.reading import READ
from corpus.library import Library
from corpus.types import BylineError
from ui import sample

AT_ONCE = 3  # questions answered at once: the cores are then busy, and more would only slow each other
# Sentences that are read for a question, by how many are being asked: reading takes most of the time, and
# the best few decide on the answer. What is left out is other accounts, and the answer says so.
DEPTHS = (READ, READ // 2, READ // 4)  # for one, for two, for more
WAITING = 24  # and waiting for their turn, before a further one is told that Byline is busy
BUSY = (
    "Byline is busy: too many questions are being asked at once, and this one was not taken. "
    "Ask it again in a moment."
)


logger = logging.getLogger(__name__)


class Busy(BylineError):
    """More questions at once than can be answered soon."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What is open: the assistant, what the page says of it (None for the person's own library),
    and questions to start with."""

    assistant: Assistant
    banner: str | None
    starters: tuple[str, ...]


class Desk:
    """The sample's assistant until the person's own library holds a document, and from then on its.

    Which one it is, is looked up for each question, so that a page that is open answers from the
    first document that is added, here or by `byline add`. Safe to use from many threads.
    """

    def __init__(self, folder: Path, opened: Opened):
        self.folder = folder
        self._opened = opened
        self._own: Library | None = None
        self._lock = threading.Lock()
        self._asking = 0
        self._arrived: deque[float] = deque()  # when, in the last second
        self._places = threading.Semaphore(AT_ONCE)
        self._idle = threading.Event()
        self._idle.set()

    @classmethod
    def at(cls, folder: Path) -> "Desk":
        """The desk of the library that is, or will be, in a folder."""
        assistant, banner, starters = sample.open_or_sample(folder)
        return cls(folder, Opened(assistant, banner, tuple(starters)))

    @classmethod
    def of(cls, assistant: Assistant, *, banner: str | None = None, starters: Sequence[str] = ()) -> "Desk":
        """A desk where this assistant answers."""
        return cls(assistant.library.folder, Opened(assistant, banner, tuple(starters)))

    @property
    def now(self) -> Opened:
        """What is open now: the sample too while the person's library is still being made."""
        is_own = self._opened.banner is None or self._opened.assistant.library.folder == self.folder
        if is_own or not Library.is_in(self.folder):
            return self._opened
        with self._lock:
            if self._opened.banner is not None:
                try:
                    self._own = self._own or Library(self.folder)
                    if self._own.coverage()[0]:
                        self._opened = Opened(Assistant(self._own), None, ())
                except BylineError as error:  # its tables are being made, or it cannot be used
                    logger.info(error)
            return self._opened

    @contextmanager
    def answering(self) -> Iterator[Assistant]:
        """The assistant for one question, which stays the same until it is answered: an answer must
        not be drawn with the texts of another library. Waits for a place; raises Busy at once
        when too many wait."""
        with self._lock:
            if self._asking >= AT_ONCE + WAITING:
                raise Busy(BUSY)
            self._asking += 1
            self._idle.clear()
        try:
            with self._places:
                yield self.now.assistant
        finally:
            with self._lock:
                self._asking -= 1
                if not self._asking:
                    self._idle.set()

    def takes(self) -> bool:
        """Whether there is room for a question that arrives now, which is counted then. Of those that
        arrive within one second no more are taken than may wait: what Gradio does before a question
        comes to this desk takes so long that a crowd would be told seconds later."""
        with self._lock:
            now = time.monotonic()
            while self._arrived and self._arrived[0] < now - 1:
                self._arrived.popleft()
            if max(self._asking, len(self._arrived)) >= AT_ONCE + WAITING:
                return False
            self._arrived.append(now)
            return True

    @property
    def depth(self) -> int:
        """How many sentences to read for a question now."""
        return DEPTHS[min(max(self._asking, 1), len(DEPTHS)) - 1]

    def after_you(self, seconds: float) -> bool:
        """Lets questions go first: returns when none is being answered, or after so many seconds. Tells
        which of the two it was."""
        return self._idle.wait(seconds)
