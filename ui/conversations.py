"""`chats.sqlite`: conversations and feedback, beside the library and not in it.

A file of its own, so that a long `add`, which holds the library's lock, never keeps a person from
asking. It holds questions and addresses of passages (`ui.kept`), not the documents' words.
"""

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from assistant.types import Answer
from corpus.backup import BYLINE
from corpus.damage import is_whole
from corpus.library import Library
from corpus.record import row_crc32
from corpus.sqlite import Connection, Database
from corpus.types import BylineError, Damage, Filters
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
    # What vouches for each row (`row_crc32`), NULL in older ones; and what `Database` counts.
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    INSERT OR IGNORE INTO meta VALUES ('commits', '0');
    INSERT OR IGNORE INTO meta VALUES ('made', lower(hex(randomblob(8))));
    ALTER TABLE conversations ADD COLUMN crc32 INTEGER;
    ALTER TABLE turns ADD COLUMN crc32 INTEGER;
    ALTER TABLE feedback ADD COLUMN crc32 INTEGER;
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
    AGAIN = "`byline restore FILE` where a newer backup is at hand"

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
            "library does not need it, and new conversations are kept in a new file; or `byline restore FILE` a backup"
        )

    def damage(self) -> Iterator[Damage]:
        """Verifies every row; yields (what is wrong, where, what mends it)."""
        for what, where, _ in super().damage():
            yield what, where, f"{self.AGAIN}; or move it away, and new conversations are kept in a new file"
        with self.reading() as db:
            rows = {
                "title": f"{_TALK} FROM conversations", "answer": f"{_TURN} FROM turns", "feedback": "* FROM feedback",
            }  # fmt: skip
            found = {
                row[0]: what
                for what, columns in rows.items()
                for row in db.execute(f"SELECT {columns}")
                if not _whole(row)
            }
        for id, what in found.items():
            where = f"{self.path}: the conversation with the id {id}"
            yield f"its {what} is damaged", where, f"remove it in the chat; or {self.AGAIN}"

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
            done = db.execute(
                "UPDATE conversations SET title = ?1, crc32 = ?2 WHERE id = ?3",
                (_title(title), row_crc32(str(id), _title(title)), str(id)),
            )
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
                title = _title(question)
                db.execute("INSERT INTO conversations VALUES (?, ?, ?, ?)", (id, title, _now(), row_crc32(id, title)))
            number = 1 + db.execute(
                "SELECT coalesce(max(number), 0) FROM turns WHERE conversation = ?", (id,)
            ).fetchone()[0]
            turn = (id, number, _now(), question, json.dumps(asdict(filters)), "asked", None, BYLINE)
            db.execute("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*turn, row_crc32(*turn)))
            db.execute("UPDATE conversations SET used = ? WHERE id = ?", (_now(), id))
        return id, number

    def answered(self, id: str, number: int, answer: Answer | None, state: str = "answered") -> None:
        """Keeps what became of a question. An answer that comes after its conversation has been
        removed is not kept."""
        kept = None if answer is None else json.dumps(keep(answer))
        with self.transaction() as db:
            turn = "conversation = ? AND number = ?"
            for row in db.execute(f"SELECT {_TURN} FROM turns WHERE {turn}", (id, number)).fetchall():
                crc32 = row_crc32(*row[:5], state, kept, row[7]) if _whole(row) else row[8]  # damaged is damaged
                db.execute(
                    f"UPDATE turns SET answer = ?, state = ?, crc32 = ? WHERE {turn}", (kept, state, crc32, id, number)
                )

    def exchanges(self, id: str, number: int | None = None) -> list[Exchange]:
        """The questions and answers of a conversation (or the one of this number), in their order, as
        they can be shown now."""
        with self.reading() as db:
            rows = db.execute(
                f"SELECT {_TURN} FROM turns "
                "WHERE conversation = ?1 AND (?2 IS NULL OR number = ?2) ORDER BY number",
                (str(id), number),
            ).fetchall()
        with self.library.reading():
            return [self._exchange(row) for row in rows]

    def _exchange(self, row: Sequence) -> Exchange:
        _, number, asked, question, filters, state, kept, version, _ = row
        try:
            if not _whole(row):
                raise ValueError("altered")
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
                given = (id, number, _now(), verdict)
                db.execute("INSERT INTO feedback VALUES (?, ?, ?, ?, ?)", (*given, row_crc32(*given)))

    def verdicts(self, id: str) -> dict[int, str]:
        """The feedback in a conversation, by the number of the question."""
        with self.reading() as db:
            rows = db.execute("SELECT * FROM feedback WHERE conversation = ?", (id,)).fetchall()
        return {row[1]: row[3] for row in rows if _whole(row)}

    def feedback(self) -> list[dict[str, Any]]:
        """All feedback, the oldest first, each with its question, the evidence shown and the version. What
        is damaged is left out (`damage` tells)."""
        with self.reading() as db:
            given = db.execute("SELECT * FROM feedback ORDER BY at, rowid").fetchall()
            turns = {row[:2]: row for row in db.execute(f"SELECT {_TURN} FROM turns") if _whole(row)}
        found = []
        for conversation, number, at, verdict in (row[:4] for row in given if _whole(row) and row[:2] in turns):
            _, _, _, question, filters, _, answer, made_by, _ = turns[conversation, number]
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


# The columns that each row's hash is made of, and that hash.
_TALK = "id, title, crc32"
_TURN = "conversation, number, asked, question, filters, state, answer, version, crc32"


def _whole(row: Sequence) -> bool:
    return is_whole(row[-1], *row[:-1])


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
