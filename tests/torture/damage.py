"""Files of a library that are damaged: bits flipped, ends cut off. What is then said and shown.

Each damage has to be noticed: when the library is opened, by `byline check`, or when something is quoted; or else
it is harmless, and all that is there and shown is what was there and shown before. What is noticed can be
mended by the command that is named.
"""

import json
import os
import random
import re
import shlex
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path

from corpus.library import Library
from tests.torture.operations import HARBOUR, fill, talk, write
from tests.torture.stage import Outcome, Tell, byline, perform, plain
from tests.torture.state import State, state
from ui.conversations import Conversations

QUERIES = ("the harbour bridge", "convoy tents camp", "councillor bollards quay", "pupils of the school")
QUESTIONS = ("How many pupils has the school?",)
HEAD, PAGE = 128, 4096  # bytes: the head of a file, which is damaged more often than its share; and SQLite's page
CITED = ("title", "source", "published")
MARK = "\0"  # between what one command printed and what the next did


@dataclass(slots=True)
class Whole:
    """A library that is whole: its folder, what it holds, its texts and records by name, what is shown of it;
    and the records and what was shown before the last changes, which a damaged log may bring back."""

    folder: Path
    documents: Path
    backup: Path
    state: State = field(default_factory=dict)
    records: dict[str, dict] = field(default_factory=dict)
    shown: list = field(default_factory=list)
    earlier: list[tuple[dict, list]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Harm:
    """What is done to a file: bits flipped, given as (byte, bit), or all after `cut` bytes left out."""

    file: str
    flips: tuple[tuple[int, int], ...] = ()
    cut: int | None = None

    def __str__(self) -> str:
        return f"{self.file} cut to {self.cut}" if self.cut is not None else f"{self.file} flipped at {self.flips}"

    @property
    def kind(self) -> str:
        """The file's name, or that of the folder of the search index."""
        return self.file if "/" not in self.file else "derived/"

    def do(self, folder: Path) -> None:
        """Does it."""
        path = folder / self.file
        data = bytearray(path.read_bytes())
        for byte, bit in self.flips:
            data[byte] ^= 1 << bit
        path.write_bytes(data[: self.cut])


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a harm to a kind of file: "harmless", or noticed "at open", "by check" or "at quoting"; what
    is wrong with that."""

    kind: str
    harm: str
    noticed: str
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.harm}, noticed: {self.noticed}"


def ready(root: Path) -> list[Whole]:
    """Two libraries with the same documents: one closed, one whose writers were killed and left their logs."""
    found = []
    for name, killed in (("closed", False), ("killed", True)):
        folder = root / name
        folder.mkdir()
        whole = Whole(folder / "library", folder / "documents", folder / "saved")
        _expect(perform(_prepare, whole.folder))
        _expect(perform(byline("backup", whole.backup), whole.folder))
        if killed:
            before = perform(_look, _copy(whole)), perform(_tell_all, _copy(whole))
            whole.earlier = [(before[1].told[-1][1], _shown(before[0]))]
            perform(_change_and_die, whole.folder)
            assert all((whole.folder / f"{name}.sqlite-wal").stat().st_size for name in ("library", "chats"))
        copy = _copy(whole)
        done = perform(_look, copy)
        told = perform(_tell_all, copy)
        _expect(done)
        _expect(told)
        whole.state, whole.records = told.told[-1]
        whole.shown = _shown(done)
        assert not _false(whole, whole.shown, lost=False) and not done.err and not any(done.told[-1][1]), done
        found.append(whole)
    return found


def _expect(done: Outcome) -> None:
    if done.code != 0:
        raise SystemExit(f"the library that is to be damaged cannot be made ({done.code}):\n{done.err}")


def _prepare(library: Path, tell: Tell) -> int:
    fill(library.parent)
    return talk(library, tell)


def _change_and_die(library: Path, tell: Tell) -> int:
    """Changes a library and its conversations, and leaves the changes in the logs."""
    documents = library.parent / "documents"
    # A reader that is not closed keeps the logs from being emptied.
    open_ones = [Library(library), Conversations(Library(library))]
    with open_ones[0].reading() as db, open_ones[1].reading() as chats:
        db.execute("SELECT count(*) FROM documents").fetchone()
        chats.execute("SELECT count(*) FROM turns").fetchone()
        write(documents, opera_txt="The opera of Velm opens in May. Its roof is new.",
              harbour_txt=HARBOUR.replace("Engineers", "Three engineers"))  # fmt: skip
        byline("add", documents)(library, tell)
        byline("set", "school.md", "--source", "Herald")(library, tell)
        talk(library, tell)
        os.kill(os.getpid(), signal.SIGKILL)
    return 1


def harm(whole: Whole, chance: random.Random) -> Harm:
    """A harm at random: a file first (all of the search index as often as one of SQLite's), then how."""
    files = sorted(path for path in whole.folder.rglob("*") if path.is_file() and path.stat().st_size)
    derived = sum("derived" in path.parts for path in files)
    weights = [1 / derived if "derived" in path.parts else 1 if ".sqlite" in path.name else 0.1 for path in files]
    (path,) = chance.choices(files, weights)
    name, size = str(path.relative_to(whole.folder)), path.stat().st_size
    how, anywhere, near_the_end = chance.random(), chance.randrange(size), size - 1 - chance.randrange(min(size, 64))
    if how < 0.2:
        return Harm(name, cut=chance.choice((0, anywhere, anywhere // PAGE * PAGE, near_the_end)))
    many = 1 if how < 0.8 else chance.randrange(2, 9)
    reach = min(size, HEAD) if chance.random() < 0.15 else size
    return Harm(name, tuple((chance.randrange(reach), chance.randrange(8)) for _ in range(many)))


def _copy(whole: Whole, harm: Harm | None = None, name: str = "library") -> Path:
    target = whole.folder.parent / "run" / name
    shutil.rmtree(target.parent, ignore_errors=True)
    target.parent.mkdir()
    shutil.copytree(whole.folder, target)
    if harm:
        harm.do(target)
    return target


def _look(library: Path, tell: Tell) -> int:
    """Shows all that there is to be shown, in JSON, each command by itself; tells how each ended."""
    documents = ("harbour.txt", "school.md", "council.txt", *(f"wire-{n}" for n in range(8)))
    commands = [
        *(byline("search", "--json", query) for query in QUERIES),
        *(byline("ask", "--json", question) for question in QUESTIONS),
        *(byline("show", "--json", name) for name in documents),
        plain(_show_talks), byline("feedback", "--json"), byline("list", "--json"),
    ]  # fmt: skip
    codes = []
    for command in commands:
        codes.append(command(library, tell))
        print(MARK, end="", flush=True)
    tell(["codes", codes])
    return 0


def _show_talks(folder: Path, tell: Tell) -> int:
    """Prints the conversations as a page would show them."""
    kept = Conversations(Library(folder))
    talks = []
    for one in kept.all():
        for exchange in kept.exchanges(one.id):
            claims = exchange.answer.claims if exchange.answer else ()
            shown = [
                [claim.document.name, claim.text, claim.document.source, str(claim.quote), str(claim.attribution)]
                for position, claim in enumerate(claims) if position not in exchange.lost
            ]  # fmt: skip
            told = {
                "title": one.title, "question": exchange.question, "filters": str(exchange.filters),
                "state": exchange.state, "lost": bool(exchange.lost), "claims": shown,
                "verdict": kept.verdicts(one.id).get(exchange.number),
            }  # fmt: skip
            talks.append(told)
    print(json.dumps({"talks": talks}))
    return 0


def _tell_all(folder: Path, tell: Tell) -> int:
    """Tells the whole state, and each document's record and text."""
    tell([state(folder), _records(folder)])
    return 0


def _tell_records(folder: Path, tell: Tell) -> int:
    tell(_records(folder))
    return 0


def _records(folder: Path) -> dict[str, dict]:
    library = Library(folder)
    records = {}
    for document in library.documents():
        text = library.text(document.id)
        records[document.name] = {"text": text} | {key: getattr(document, key) for key in CITED}
    return records


def suffer(whole: Whole, harm: Harm) -> Verdict:
    """Does a harm to a copy of a library, and looks at what is said, shown and mended."""
    copy = _copy(whole, harm)
    checked = perform(byline("check", "--json"), copy)
    told = perform(plain(_tell_all), copy)
    looked = perform(_look, _copy(whole, harm))
    wrong = [f"{what}: {each}" for what, done in (("check", checked), ("looking", looked)) for each in _ended(done)]
    if wrong or looked.code != 0:
        return Verdict(harm.kind, f"{whole.folder.parent.name}: {harm}", "unknown", tuple(wrong) or (looked.err,))
    shown = _shown(looked)
    problems = json.loads(checked.out)["problems"] if checked.out else []
    wrong += _false(whole, shown, lost="changes are missing" in checked.err)
    if problems:
        noticed, said = "by check", checked.err
    elif checked.code:
        noticed, said = "at open", checked.err
    elif looked.err:
        noticed, said = "at quoting", looked.err
    else:
        found = told.told[-1][0] if told.told else None
        if found != whole.state:
            differs = _difference(whole.state, found or {})
            wrong.append(f"nobody noticed, and it is not what it was: {differs} {told.err}")
        elif shown != whole.shown:
            wrong.append("nobody noticed, and it shows something else")
        return Verdict(harm.kind, f"{whole.folder.parent.name}: {harm}", "harmless", tuple(wrong))
    family = "derived" if harm.file.startswith("derived") else harm.file.split("-")[0]
    if family not in said or "`byline " not in said:
        wrong.append(f"it names not the file, or not the command: {said}")
    return Verdict(harm.kind, f"{whole.folder.parent.name}: {harm}", noticed, (*wrong, *_mended(whole, harm, said)))


def _ended(done: Outcome) -> list[str]:
    """What is wrong with how a command ended."""
    wrong = [] if done.code in (0, 1) else ["it hung"] if done.code is None else [f"it ended with {done.code}"]
    if "Traceback" in done.err or "Exception ignored" in done.err:
        wrong.append(f"it showed its inside: {done.err[-3000:]}")
    if done.code == 1 and "byline: " not in done.err:
        wrong.append(f"it failed without a word: {done.err}")
    return wrong


def _shown(done: Outcome) -> list:
    """What each command printed, as JSON; None where it printed nothing. Without what differs by the minute."""
    found = [json.loads(one) if one.strip() else None for one in done.out.split(MARK)[:-1]]
    for one in found:
        for key in ("timings_ms", "confidence"):
            (one or {}).pop(key, None)
    return found


def _false(whole: Whole, shown: list, *, lost: bool) -> list[str]:
    """What is shown that is not so; nor was so before, where the last changes are `lost` and that is said."""
    wrong = []
    states = [(whole.records, whole.shown), *(whole.earlier if lost else ())]
    known = {json.dumps(one) for one in _all(whole.shown, "talks")}
    passages = {json.dumps(claim) for _, before in states for each in _all(before, "talks") for claim in each["claims"]}
    for each in _all(shown, "talks"):
        wrong += [f"the conversation shows {claim}" for claim in each["claims"] if json.dumps(claim) not in passages]
        if not lost and not each["lost"] and each["state"] != "failed" and json.dumps(each) not in known:
            wrong.append(f"the conversation is {each}")
    said = {_place(one): one["attribution"] for key in ("claims", "nearest") for one in _all(whole.shown, key)}
    quoted = [each for key in ("hits", "claims", "nearest") for each in _all(shown, key)]
    for one in [*quoted, *(each for each in shown if each and "text" in each)]:
        quote = one.get("quote", one.get("text"))
        records = [each[one["name"]] for each, _ in states if one["name"] in each]
        if not any(record["text"][one["start"] : one["end"]] == quote for record in records):
            wrong.append(f"{one['name']} is quoted with {quote!r}")
        elif not any(all(one[key] == record[key] for key in CITED) for record in records):
            wrong.append(f"{one['name']} is cited as {one}")
        elif one.get("attribution") and one["attribution"] != said.get(_place(one), one["attribution"]):
            wrong.append(f"{quote!r} is said by {one['attribution']}")
    return wrong


def _all(shown: list, key: str) -> list[dict]:
    return [each for one in shown if one for each in one.get(key, ())]


def _place(claim: dict) -> tuple:
    return claim["name"], claim["start"], claim["end"]


def _difference(one: State, other: State) -> list:
    return sorted(set(one.items()) ^ set(other.items()))[:6]


def _mended(whole: Whole, harm: Harm, said: str) -> list[str]:
    """What is still wrong when what was said to mend it has been done."""
    copy = _copy(whole, harm)
    commands = set(re.findall(r"`(byline [^`]+)`", said))

    def mend(library: Path, tell: Tell) -> int:
        for command in sorted(commands):
            verb, *rest = shlex.split(command)[1:]
            if verb == "restore":
                byline("restore", "--replace", whole.backup)(library, tell)
            elif verb in ("remove", "rebuild"):
                byline(verb, *rest)(library, tell)
        byline("add", whole.documents)(library, tell)
        byline("search", "--json", QUERIES[0])(library, tell)
        return 0

    mended = perform(mend, copy)
    checked = perform(byline("check", "--json"), copy)
    told = perform(plain(_tell_records), copy)
    if mended.code != 0 or checked.code != 0 or not told.told:
        return [f"it is not mended: {said}\n{mended.err}\n{checked.err}{told.err}"]
    texts = {name: record["text"] for name, record in told.told[-1].items()}
    if texts != {name: record["text"] for name, record in whole.records.items()}:
        return [f"it is mended, and has other texts than before: {sorted(texts)}"]
    return []
