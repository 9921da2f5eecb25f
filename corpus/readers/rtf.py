"""RTF (version 1.9.1): its text, by one pass over its control words.

Pictures, headers, footers, hidden and deleted text are left out; footnotes follow at the end.
"""

import re
from dataclasses import dataclass
from typing import BinaryIO

from corpus.readers.decoding import MB, check, load
from corpus.readers.html import encoding_named
from corpus.readers.office_text import Text
from corpus.readers.stated import author, line, title
from corpus.types import BylineError, Reading

LARGEST = 128 * MB  # bytes of one file; pictures in it are text too
DEEPEST = 5000  # groups in groups
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)|\\"
)
_LEFT_OUT = frozenset(
    b"colortbl stylesheet pict object objdata header headerl headerr headerf footer footerl footerr footerf themedata "
    b"colorschememapping datastore latentstyles listtable listoverridetable revtbl rsidtbl generator xe tc fldinst "
    b"bkmkstart bkmkend filetbl nonshppict atnid atnauthor annotation xmlnstbl formfield ftnsep ftnsepc aftnsep "
    b"template private pgdsctbl sp".split()
)
_KEPT = frozenset(b"shppict shptxt shpinst shp shprslt fldrslt cs footnote ud".split())  # also where marked as optional
_INFO = frozenset(b"title author company subject".split())
_SIGNS = {
    b"par": "\n\n", b"sect": "\n\n", b"page": "\n\n", b"line": "\n", b"tab": "\t", b"emdash": "—", b"endash": "–",
    b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”", b"bullet": "•", b"emspace": " ", b"enspace": " ",
}  # fmt: skip
_CHARSETS = {  # \fcharset, as in the specification's font table
    0: "cp1252", 77: "mac-roman", 128: "cp932", 129: "cp949", 134: "gb18030", 136: "big5hkscs", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip


@dataclass(slots=True)
class _Group:
    """What holds until a group is closed. `into`: where its text goes ("" is the document)."""

    into: str | None = ""
    skip: int = 1  # bytes that stand for a \\u character, for programs that do not know it
    encoding: str | None = None
    hidden: bool = False
    table: bool = False
    begun: bool = False  # whether something stood in it
    optional: bool = False
    around: str | None = None  # where the text around two forms of the same words goes (\\upr)


def read(file: BinaryIO) -> Reading:
    """Read one `.rtf` file. Raises BylineError for what is none."""
    data = load(file, LARGEST)
    if not data.lstrip()[:5] == b"{\\rtf":
        raise BylineError("is not RTF, or is damaged: save it anew")
    document = _Document()
    document.take(data)
    text = str(document.text)
    check(text)
    info = {key: "".join(pieces) for key, pieces in document.info.items()}
    writer = author(info.get("author"))
    return Reading(
        text=text,
        media_type="application/rtf",
        title=title(info.get("title")),
        source=line(info.get("company")) or writer,
        author=writer,
    )


class _Document:
    def __init__(self) -> None:
        self.text = Text()
        self.info: dict[str, list[str]] = {}
        self._notes: list[str] = []
        self._paragraph: list[str] = []
        self._bytes = bytearray()  # written as \\'xx, not yet decoded
        self._cells: list[str] = []
        self._encoding = "cp1252"
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._pass = 0  # characters to pass over after \\u
        self._high = 0  # the first half of a surrogate pair

    def take(self, data: bytes) -> None:
        groups = [_Group()]
        position, end = 0, len(data)
        while position < end:
            match = _TOKEN.match(data, position)
            position = match.end()
            word, number, code, sign, brace, plain = match.groups()
            group = groups[-1]
            if brace == b"{":
                if len(groups) > DEEPEST:
                    raise BylineError(f"nests over {DEEPEST} groups: save its text as .txt")
                self._flush(group)
                groups.append(_Group(group.into, group.skip, group.encoding, group.hidden, group.table, around=group.around))
                self._pass = 0
            elif brace == b"}":
                self._flush(group)
                if len(groups) > 1:
                    groups.pop()
                    if group.into == "footnote" and groups[-1].into != "footnote":
                        self._notes.append("\n\n")
                self._pass = 0
            elif word is not None:
                value = int(number) if number else None
                if word == b"bin":
                    position += max(value or 0, 0)
                else:
                    self._word(word, value, group)
                group.begun = True
            elif code is not None:
                self._byte(int(code, 16), group)
            elif sign is not None:
                self._sign(sign, group)
            elif plain is not None:
                skipped = min(self._pass, len(plain))
                self._pass -= skipped
                if len(plain) > skipped and group.into is not None and not group.hidden:
                    self._bytes += plain[skipped:]
        self._flush(groups[-1])
        self._end_paragraph()
        if notes := "".join(self._notes).strip():
            for note in notes.split("\n\n"):
                self.text.paragraph(note)

    def _word(self, word: bytes, value: int | None, group: _Group) -> None:
        if word == b"u":
            self._flush(group)
            self._unicode((value or 0) & 0xFFFF, group)
            self._pass = group.skip
            return
        if word == b"uc":
            group.skip = min(max(value or 0, 0), 16)
            return
        self._flush(group)
        self._pass = 0
        if word in _LEFT_OUT or group.optional and not group.begun and word not in _KEPT:
            group.into = None
        elif word == b"upr":  # in letters of the code page, and then (\\ud) in Unicode
            group.into, group.around = None, group.into
        elif word == b"ud":
            group.into, group.around = group.around, None
        elif word == b"fonttbl":
            group.into = "fonts"
        elif word == b"info":
            group.into = "info"
        elif word in _INFO and group.into in ("info", "info.other"):
            group.into = f"info.{word.decode()}"
        elif group.into == "info":
            group.into = "info.other"
        elif word == b"footnote" and group.into == "":
            group.into = "footnote"
        elif word == b"f":
            self._font = value or 0
            if group.into != "fonts":
                group.encoding = self._fonts.get(self._font)
        elif word == b"fcharset" and group.into == "fonts":
            if (value or 0) in _CHARSETS and len(self._fonts) < 10_000:
                self._fonts[self._font] = _CHARSETS[value or 0]
        elif word == b"ansicpg":
            self._encoding = encoding_named(f"cp{value}") or self._encoding
        elif word == b"mac":
            self._encoding = "mac-roman"
        elif word in (b"v", b"deleted"):
            group.hidden = value != 0
        elif word == b"plain":
            group.hidden, group.encoding = False, None
        elif word == b"intbl":
            group.table = True
        elif word == b"pard":
            group.table = False
        elif word in (b"cell", b"nestcell") and group.into == "":
            self._cells.append(" ".join("".join(self._paragraph).split()))
            self._paragraph.clear()
        elif word in (b"row", b"nestrow") and group.into == "":
            self.text.row()
            for cell in self._cells:
                self.text.cell()
                self.text.paragraph(cell)
            self.text.end_row()
            self._cells.clear()
        elif sign := _SIGNS.get(word):
            if sign == "\n\n" and group.into == "":
                self._paragraph.append(" ") if self._cells or group.table else self._end_paragraph()
            else:
                self._put(sign, group)

    def _sign(self, sign: bytes, group: _Group) -> None:
        if sign == b"*":
            group.optional = True
            return
        if self._pass:
            self._pass -= 1
            return
        self._flush(group)
        self._put({b"~": " ", b"_": "-", b"\n": "\n", b"\r": "\n"}.get(sign, sign.decode("latin-1") if sign in b"\\{}" else ""), group)

    def _byte(self, byte: int, group: _Group) -> None:
        if self._pass:
            self._pass -= 1
        elif group.into is not None and not group.hidden:
            self._bytes.append(byte)

    def _unicode(self, code: int, group: _Group) -> None:
        if 0xD800 <= code < 0xDC00:
            self._high = code
            return
        if 0xDC00 <= code < 0xE000:
            code = 0x10000 + (self._high - 0xD800) * 0x400 + code - 0xDC00 if self._high else 0xFFFD
        self._high = 0
        if code:
            self._put(chr(code), group)

    def _flush(self, group: _Group) -> None:
        if self._bytes:
            text = self._bytes.replace(b"\0", b"").decode(group.encoding or self._encoding, "replace")
            self._bytes.clear()
            self._put(text, group)

    def _put(self, text: str, group: _Group) -> None:
        if group.into is None or group.hidden:
            return
        if group.into == "":
            self._paragraph.append(text)
        elif group.into == "footnote":
            self._notes.append(text)
        elif group.into.startswith("info."):
            self.info.setdefault(group.into[5:], []).append(text)

    def _end_paragraph(self) -> None:
        if self._paragraph:
            self.text.paragraph("".join(self._paragraph))
            self._paragraph.clear()
