"""`chats.sqlite`: conversations and feedback, beside the library and not in it.

A file of its own, so that a long `add`, which holds the library's lock, never keeps a person from
asking. It holds questions and addresses of passages (`ui.kept`), not the documents' words.
"""

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from assistant.types import Answer
from corpus.library import Library
from corpus.sqlite import Connection, Database
from corpus.types import BylineError, Filters
from ui.kept import Exchange, evidence, keep, recall

TITLE_LIMIT = 120  # characters
VERDICTS = ("helpful", "not helpful", "wrong source")

_MIGRATIONS = (
    """
    CREATE TABLE conversations (id TEXT PRIMARY KEY, title TEXT NOT NULL, used TEXT NOT NULL) STRICT;
    CREATE TABLE turns (
        conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
        number INTEGER NOT NULL, asked TEXT NOT NULL, question TEXT NOT NULL, filters TEXT NOT NULL,
        state TEXT NOT NULL, answer TEXT, version TEXT NOT NULL,
        PRIMARY KEY (conversation, number)) STRICT;
    CREATE TABLE feedback (
        conversation TEXT NOT NULL, number INTEGER NOT NULL, at TEXT NOT NULL, verdict TEXT NOT NULL,
        PRIMARY KEY (conversation, number),
        FOREIGN KEY (conversation, number) REFERENCES turns ON DELETE CASCADE) STRICT;
    """,
)
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation in the list. `id` is 128 random bits in hex: whoever has it may read it.
    `used` is when it was last asked in (ISO 8601, UTC)."""

    id: str
    title: str
    used: str
    questions: int


class Conversations(Database):
    """The conversations about one library, in its folder. Raises BylineError as `Database` does.

    Every id may come from a page, and is not trusted: one that is not known is no conversation.
    """

    FILE, LOCK = "chats.sqlite", "chats.lock"

    def __init__(self, library: Library):
        super().__init__(library.folder, create=True)
        self.library = library

    @property
    def migrations(self) -> Sequence[str]:
        """The statements that lead from each format of the file to the next."""
        return _MIGRATIONS

    def unsound(self, what: str) -> BylineError:
        """The error for a file that cannot be trusted as a whole, to be raised."""
        return BylineError(
            f"{self.path}: it is damaged ({what}), and no conversation can be kept or opened. Move it away: the "
            "library does not need it, and new conversations are kept in a new file"
        )

    # -- conversations ---------------------------------------------------------------------------

    def all(self) -> list[Conversation]:
        """All conversations, the one last used first."""
        with self.reading() as db:
            return [Conversation(*row) for row in db.execute(f"{_LIST} ORDER BY used DESC, rowid DESC")]

    def find(self, id: str) -> Conversation | None:
        """The conversation with this id, or None."""
        if not isinstance(id, str) or not _ID.fullmatch(id):
            return None
        with self.reading() as db:
            row = db.execute(f"{_LIST} WHERE id = ?", (id,)).fetchone()
        return Conversation(*row) if row else None

    def rename(self, id: str, title: str) -> None:
        """Gives a conversation another title. Raises BylineError when there is none of this id."""
        with self.transaction() as db:
            done = db.execute("UPDATE conversations SET title = ? WHERE id = ?", (_title(title), str(id)))
        if not done.rowcount:
            raise NoConversation()

    def remove(self, id: str) -> None:
        """Removes a conversation, and the feedback given in it, from the disk. Raises BylineError
        when there is none of this id."""
        with self.transaction() as db:
            done = db.execute("DELETE FROM conversations WHERE id = ?", (str(id),))
        if not done.rowcount:
            raise NoConversation()
        self.wipe_log()

    # -- questions and answers ---------------------------------------------------------------------

    def ask(self, id: str | None, question: str, filters: Filters) -> tuple[str, int]:
        """Keeps a question, in a new conversation if `id` is None (or has been removed meanwhile):
        the conversation's id and the question's number in it."""
        with self.transaction() as db:
            if id is None or not db.execute("SELECT 1 FROM conversations WHERE id = ?", (id,)).fetchone():
                id = secrets.token_hex(16)
                db.execute("INSERT INTO conversations VALUES (?, ?, ?)", (id, _title(question), _now()))
            number = 1 + db.execute(
                "SELECT coalesce(max(number), 0) FROM turns WHERE conversation = ?", (id,)
            ).fetchone()[0]
            db.execute(
                "INSERT INTO turns VALUES (?, ?, ?, ?, ?, 'asked', NULL, ?)",
                (id, number, _now(), question, json.dumps(asdict(filters)), version("byline")),
            )
            db.execute("UPDATE conversations SET used = ? WHERE id = ?", (_now(), id))
        return id, number

    def answered(self, id: str, number: int, answer: Answer | None, state: str = "answered") -> None:
        """Keeps what became of a question. An answer that comes after its conversation has been
        removed is not kept."""
        kept = None if answer is None else json.dumps(keep(answer))
        with self.transaction() as db:
            db.execute(
                "UPDATE turns SET answer = ?, state = ? WHERE conversation = ? AND number = ?",
                (kept, state, id, number),
            )

    def exchanges(self, id: str, number: int | None = None) -> list[Exchange]:
        """The questions and answers of a conversation (or the one of this number), in their order, as
        they can be shown now."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT number, asked, question, filters, state, answer, version FROM turns "
                "WHERE conversation = ?1 AND (?2 IS NULL OR number = ?2) ORDER BY number",
                (str(id), number),
            ).fetchall()
        with self.library.reading():
            return [self._exchange(*row) for row in rows]

    def _exchange(
        self, number: int, asked: str, question: str, filters: str, state: str, kept: str | None, version: str
    ) -> Exchange:
        try:
            answer, lost = recall(question, json.loads(kept), self.library) if kept else (None, {})
            return Exchange(number, asked, question, Filters(**json.loads(filters)), state, answer, lost, version)
        except (KeyError, TypeError, ValueError, IndexError):  # a flipped bit: the others are still shown
            return Exchange(number, asked, question, Filters(), "failed")

    # -- feedback ------------------------------------------------------------------------------------

    def judge(self, id: str, number: int, verdict: str | None) -> None:
        """Keeps what the person thinks of an answer; the last word counts, None takes it back.
        Raises BylineError for what is no verdict or no answer."""
        if verdict not in (None, *VERDICTS):
            raise BylineError(f"feedback is one of {', '.join(VERDICTS)}")
        with self.transaction() as db:
            if not _has(db, id, number):
                raise NoConversation()
            db.execute("DELETE FROM feedback WHERE conversation = ? AND number = ?", (id, number))
            if verdict:
                db.execute("INSERT INTO feedback VALUES (?, ?, ?, ?)", (id, number, _now(), verdict))

    def verdicts(self, id: str) -> dict[int, str]:
        """The feedback in a conversation, by the number of the question."""
        with self.reading() as db:
            return dict(db.execute("SELECT number, verdict FROM feedback WHERE conversation = ?", (id,)).fetchall())

    def feedback(self) -> list[dict[str, Any]]:
        """All feedback, the oldest first, each with its question, the evidence shown and the version."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT at, verdict, conversation, number, question, filters, answer, version "
                "FROM feedback JOIN turns USING (conversation, number) ORDER BY at, feedback.rowid"
            ).fetchall()
        found = []
        for at, verdict, conversation, number, question, filters, answer, made_by in rows:
            kept = json.loads(answer)
            found.append(
                {
                    "at": at, "verdict": verdict, "conversation": conversation, "number": number,
                    "question": question, "standalone": kept["standalone"], "filters": json.loads(filters),
                    "abstained": kept["abstained"], "confidence": kept["confidence"],
                    "evidence": evidence(kept), "version": made_by,
                }
            )  # fmt: skip
        return found


class NoConversation(BylineError):
    """An id that names nothing here: never given out, or removed."""

    def __init__(self) -> None:
        super().__init__("There is no such conversation here: it has been removed, or the address is not whole.")


_LIST = (
    "SELECT id, title, used, (SELECT count(*) FROM turns WHERE conversation = conversations.id) FROM conversations"
)


def _has(db: Connection, id: str, number: int) -> bool:
    found = db.execute(
        "SELECT 1 FROM turns WHERE conversation = ? AND number = ? AND answer IS NOT NULL", (id, number)
    )
    return found.fetchone() is not None


def _title(text: str) -> str:
    """One line, as the list shows it."""
    line = " ".join(text.split())
    return line if len(line) <= TITLE_LIMIT else line[: TITLE_LIMIT - 1] + "…"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
