"""SRT and WebVTT: what is said, as running text, with the time at which each part begins."""

import html
import re
from typing import BinaryIO

from corpus.readers.decoding import MB, check, decode_any, load
from corpus.types import BylineError, Reading

_TIMING = re.compile(
    r"[ \t]*(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,]\d{1,3}[ \t]*-->[ \t]*(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,]\d{1,3}.*"
)
_VOICE = re.compile(r"<v(?:\.[^<> \t]{0,100})?[ \t]+([^<>]{1,200})>")
_TAG = re.compile(r"<[^<>]{0,200}>|\{\\[^{}]{0,100}\}")
_ENDED = re.compile(r"[.!?…؟。！？][\"'”’»)\]]*$")
LARGEST = 16 * MB  # bytes of one file
PAUSE = 2  # seconds of silence that begin a paragraph
PART = 60  # seconds after which a part begins


def read(file: BinaryIO) -> Reading:
    """Read one `.srt` or `.vtt` file. Raises BylineError for one without subtitles."""
    text, notes = decode_any(load(file, LARGEST))
    cues = _cues(text)
    if not cues:
        raise BylineError("holds no subtitles")
    text, sections = _running(cues)
    check(text)
    vtt = "WEBVTT" in text[:10]
    return Reading(text=text, media_type="text/vtt" if vtt else "application/x-subrip", sections=sections, notes=notes)


def _cues(text: str) -> list[tuple[int, int, list[str]]]:
    """(begin, end, lines) of each subtitle, in seconds; what is no subtitle (styles, notes) is left out."""
    cues: list[tuple[int, int, list[str]]] = []
    shown: list[str] | None = None
    lines = text.splitlines()
    for number, raw in enumerate(lines):
        if match := _TIMING.fullmatch(raw[:300]):
            begin, end = (int(h or 0) * 3600 + int(m) * 60 + int(s) for h, m, s in (match.groups()[:3], match.groups()[3:]))
            shown = []
            cues.append((begin, end, shown))
        elif not raw.strip():
            shown = None
        elif shown is not None:
            spoken = _VOICE.sub(lambda voice: f"{voice[1].strip()}: ", raw)
            spoken = " ".join(html.unescape(_TAG.sub("", spoken)).split())
            if spoken and not (number + 1 < len(lines) and spoken.isdigit() and _TIMING.fullmatch(lines[number + 1][:300])):
                shown.append(spoken)
    return cues


def _running(cues: list[tuple[int, int, list[str]]]) -> tuple[str, tuple[tuple[int, str], ...]]:
    pieces: list[str] = []
    sections: list[tuple[int, str]] = []
    length, until, last = 0, 0, ""
    for begin, end, lines in cues:
        for spoken in lines:
            if spoken == last:  # captions that roll show each line twice
                continue
            if not pieces:
                glue = ""
            elif begin - until >= PAUSE or spoken.startswith(("-", "–", "—", ">>")) and _ENDED.search(last):
                glue = "\n\n"
            else:
                glue = "\n" if _ENDED.search(last) else " "
            if not sections or begin - _seconds(sections[-1][1]) >= PART and glue != " ":
                sections.append((length + len(glue), f"{begin // 3600:02}:{begin // 60 % 60:02}:{begin % 60:02}"))
            pieces += [glue, spoken]
            length += len(glue) + len(spoken)
            last, until = spoken, end
        until = max(until, end)
    return "".join(pieces), tuple(sections)


def _seconds(time: str) -> int:
    hours, minutes, seconds = map(int, time.split(":"))
    return hours * 3600 + minutes * 60 + seconds
