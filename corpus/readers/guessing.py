"""What encoding bytes are in when nothing says so: a guess, which is shown as one.

charset-normalizer tells the families apart by the frequency of letters. Two things it often gets wrong
are judged here: which Cyrillic code page it is (the right one gives small letters: Russian has ten of
them for each capital), and whether Latin letters are of the West of Europe or of its middle.
"""

import re

SAMPLE = 64 * 1024  # bytes that are looked at
_CYRILLIC = ("cp1251", "koi8-r", "cp866", "iso8859-5")
_HIGH = re.compile("[^\0-\x7f]")
_SMALL_CYRILLIC = re.compile("[а-яёђ-џ]")
_CENTRAL = ("cp1250", "iso8859_2", "iso8859_16", "mac_latin2", "mac_roman", "cp852", "cp858", "cp850", "cp775", "cp1258")
# Of the hundred that Python knows, those that people's files are in.
_KNOWN = ("cp125", "cp874", "cp866", "iso8859_", "koi8_", "mac_", "gb", "big5", "cp9", "shift_jis", "euc_", "johab")
_CJK = ("shift", "cp932", "gb", "hz", "big5", "cp950", "euc", "cp949", "johab", "iso2022")
# What windows-1252 makes of letters of other code pages: a sign beside a small letter, which no
# writer puts there, or a capital within a word.
_ODD = re.compile("[a-zß-ÿ][¡-§©¬®-¶¸¹¼-¿×÷†‡ˆ‰‹€]|[¡-¦¨¬-¹¼-¾×÷†‡ˆ‰][a-zß-ÿ]|[a-zà-ÿ][ŠŽŸÀ-Þ][a-zà-ÿ]")


def guess(data: bytes) -> str | None:
    """The likely encoding of bytes that are not UTF-8, as Python calls it; None where there is none."""
    import charset_normalizer  # only here: few files need it

    sample = data[:SAMPLE]
    best = charset_normalizer.from_bytes(sample).best()
    found = best.encoding if best is not None and best.encoding.startswith(_KNOWN) else None
    high = sum(byte > 0x7F for byte in sample)
    if found is None or found in ("cp1251", "mac_cyrillic", "kz1048", "ptcp154") or found.startswith(_CJK + _CYRILLIC):
        shares = {name: _small_share(sample, name) for name in _CYRILLIC}
        likeliest = max(shares, key=shares.get)
        if high > 0.3 * len(sample) and shares[likeliest] > 0.75:
            return likeliest
    if (found is None or found in _CENTRAL or found.startswith(_CJK)) and high < 0.25 * len(sample):
        if _is_western(sample):
            return "cp1252"
        if found and found.startswith("mac_"):
            return "cp1250"
    if found in ("cp1252", "cp1250", "iso8859_2") and not _is_western(sample):
        return min(("cp1250", "iso8859_2"), key=lambda name: len(_ODD.findall(sample.decode(name, "replace"))))
    return found


def utf16(data: bytes) -> str | None:
    """UTF-16 without a mark: text of the West has a zero in every second byte, and nowhere else."""
    sample = data[:SAMPLE]
    pairs = len(sample) // 2
    if pairs < 8 or b"\0\0" in sample[: pairs * 2]:
        return None
    even, odd = sample[0 : pairs * 2 : 2].count(0), sample[1 : pairs * 2 : 2].count(0)
    if odd > 0.7 * pairs and not even:
        return "utf-16-le"
    if even > 0.7 * pairs and not odd:
        return "utf-16-be"
    return None


def _small_share(sample: bytes, encoding: str) -> float:
    high = "".join(_HIGH.findall(sample.decode(encoding, "replace")))
    return len(_SMALL_CYRILLIC.findall(high)) / len(high) if high else 0.0


def _is_western(sample: bytes) -> bool:
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:
        return False
    letters = set(_HIGH.findall(text))
    # Letters of Czech, Croatian, Romanian and Hungarian in windows-1250 are, when read as
    # windows-1252, those of two languages of the West at once.
    mixed = {"ì", "ø"}, {"æ", "è"}, {"þ", "ã"}, {"õ", "û"}, {"õ", "é"}
    if any(pair <= letters for pair in mixed) and not {"õ", "ã"} <= letters:
        return False
    return len(_ODD.findall(text)) <= 0.02 * len(_HIGH.findall(text))
