"""Questions about who says what, which are answered by attribution and not by the words alone.

Four kinds: who says it ("who denied the attack?"), what somebody says ("what does the Observatory
report?", "according to SANA, how many died?"), whether somebody said it ("did Lavrov say ...?"), and a pasted
statement, which is answered with who says it and who says otherwise.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.denials import denial, verdict
from assistant.reader.reader import trimmed
from assistant.types import Claim
from assistant.values import amounts, exclude, folded, same, same_bearer
from index.wording import telling, words

_VERBS = (
    "say says said saying|tell tells told telling|claim claims claimed claiming|report reports reported reporting|"
    "announce announces announced announcing|state states stated stating|allege alleges alleged alleging|"
    "argue argues argued arguing|warn warns warned warning|confirm confirms confirmed confirming|"
    "deny denies denied denying|reject rejects rejected rejecting|dismiss dismisses dismissed dismissing|"
    "dispute disputes disputed disputing|refute refutes refuted refuting|condemn condemns condemned condemning|"
    "accuse accuses accused accusing|blame blames blamed blaming|admit admits admitted admitting|"
    "acknowledge acknowledges acknowledged acknowledging|insist insists insisted insisting|"
    "demand demands demanded demanding|urge urges urged urging|promise promises promised promising|"
    "vow vows vowed vowing|predict predicts predicted predicting|suggest suggests suggested suggesting|"
    "declare declares declared declaring|describe describes described describing|estimate estimates estimated estimating|"
    "believe believes believed believing|think thinks thought thinking|criticise criticises criticised criticising|"
    "criticize criticizes criticized criticizing|praise praises praised praising|comment comments commented commenting|"
    "respond responds responded responding|reply replies replied replying|explain explains explained explaining|"
    "add adds added adding|write writes wrote writing|tweet tweets tweeted tweeting|call calls called calling|"
    "express expresses expressed expressing|threaten threatens threatened threatening|propose proposes proposed proposing"
)
_FORMS = {form: forms.split()[0] for forms in _VERBS.split("|") for form in forms.split()}
_SAYS = "|".join(sorted(_FORMS, key=len, reverse=True))
# "Who called Assad?" asks for no speaker, nor "who told the story of Troy?": these need what follows.
_FOLLOWED = {
    "call": r"(?:on|for)\b",
    "tell": r"(?:\w+ ){1,3}that\b",
    "think": r"that\b",
    "write": r"that\b",
    "add": r"that\b",
}
_DENYING = frozenset("deny reject dismiss dispute refute".split())

_ASIDE = r"(?:and |but |so |ok,? |please |then )?"
_WHO = re.compile(
    rf"^{_ASIDE}(?:who(?: else)?|which (?P<sort>\w+(?: \w+)?)|what (?:source|sources|official|officials|agency|outlet|paper|newspaper))"
    rf"\s+(?:is |are |was |were |has |have |had |does |do |did )?(?:it that |(?P<not>n[o']t |not ))?(?:first |also |ever |publicly |reportedly )?"
    rf"(?P<verb>{_SAYS})\b\s*(?P<topic>.*)$",
    re.IGNORECASE,
)
_QUOTED_AS = re.compile(
    rf"^{_ASIDE}who (?:is|was) (?:quoted|cited) (?:as )?(?:saying|claiming)\s*(?P<topic>.+)$", re.IGNORECASE
)
_ACCORDING_TO_WHOM = re.compile(
    r"^(?:according to (?:whom|who)|whose claim is it that|who is the source (?:of|for))\b,?\s*(?P<topic>.+)$",
    re.IGNORECASE,
)
_WHAT = re.compile(
    rf"^{_ASIDE}(?:what(?: else| exactly)?|how)\s+(?:does|do|did|has|have|had|is|are|was|were)\s+(?P<speaker>(?!it\b|there\b).+?(?<!\bthe)(?<!\ba))\s+(?:also )?"
    rf"(?P<verb>{_SAYS})(?:\s+(?:about|on|of|over|regarding|to|that|when asked about)\b)?\s*(?P<topic>.*)$",
    re.IGNORECASE,
)
_POSITION = re.compile(
    r"^what(?:'s| is| was| are| were)\s+(?:the )?(?P<speaker>.+?)['’]s?\s+(?:statement|position|claim|account|version|view|"
    r"response|reaction|comment|explanation|denial)s?\b(?:\s+(?:about|on|of|over|regarding|to))?\s*(?P<topic>.*)$",
    re.IGNORECASE,
)
_ACCORDING = re.compile(r"^according to (?P<speaker>[^,?]+),\s*(?P<topic>.+)$", re.IGNORECASE)
_ACCORDING_LAST = re.compile(
    r"^(?P<topic>(?:how|what|who|when|where|why|which|is|are|was|were|did|does|do|has|have)\b.+?),?\s+according to (?P<speaker>[^,?]+)$",
    re.IGNORECASE,
)
_DID = re.compile(
    rf"^{_ASIDE}(?:did|does|do|has|have|had)(?:n't)?\s+(?P<speaker>(?:(?!\b(?:{_SAYS})\b).)+?)\s+(?:ever |really |actually |publicly )*"
    rf"(?P<verb>{_SAYS})\b(?:\s+that\b)?\s*(?P<topic>.+)$",
    re.IGNORECASE,
)
_TRUE = re.compile(
    rf"^is it true that (?P<speaker>.+?)\s+(?:has |have |had )?(?P<verb>{_SAYS})\b(?:\s+that\b)?\s*(?P<topic>.+)$",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"^\W*(?:and |but |so )?(?:who|whom|whose|what|which|when|where|why|how|is|are|was|were|do|does|did|has|have|had|can|could|will|would|"
    r"should|may|might|tell|show|list|find|give|name|explain|describe|summari[sz]e|compare|search|look|any|please)\b",
    re.IGNORECASE,
)
_FINITE = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|would|can|could|did|does|do|\w{3,}ed|\w{3,}s|said|hit|fell|took|struck|left|held|won|lost|shot|began|came|went|"
    r"killed|fled|made|gave|led|met|sent|paid|cut|broke|rose|grew)\b"
)
_ON = 0.6  # share of a topic's telling words that a sentence on it holds
_NO_SPEAKER = re.compile(
    r"^(?:it|he|she|they|you|i|we|one|this|that|these|those|people|there)$|^(?:the )?(?:article|text|document|report|story)s?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Saying:
    """What is asked about speaking. `kind` is "who", "what", "whether" or "statement"; `speaker` and `topic`
    are words of the question ("" where it has none); `denying` asks for denials."""

    kind: str
    speaker: str
    topic: str
    denying: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """The claims that answer, best first, and who says so: `says` and `otherwise` are places in `claims`.
    `short` is the answer in words of the documents ("yes" and "no" aside), None where the text does
    not name who speaks or nobody says it."""

    claims: tuple[Claim, ...]
    short: str | None
    says: tuple[int, ...] = ()
    otherwise: tuple[int, ...] = ()


def saying(question: str) -> Saying | None:
    """What a question asks about speaking; None for a question about anything else."""
    text = " ".join(question.split()).rstrip("?!. ").strip()
    for read in (_asks_who, _asks_whether, _asks_what):
        if found := read(text):
            return found
    if (
        "?" not in question
        and not _ASKING.match(question)
        and len(folded(text)) >= 4
        and _FINITE.search(text)
    ):
        return Saying("statement", "", text.strip("\"'“”‘’"))
    return None


def said(asked: Saying, claims: Sequence[Claim]) -> Said:
    """The claims that answer such a question, in the order of how well, and the answer in few words.

    Of a question after somebody's words only theirs remain; where nobody is found, the claims stay as
    they are and there is no short answer.
    """
    match asked.kind:
        case "who":
            return _by_whom(asked, claims)
        case "what":
            return _of_speaker(asked, claims)
        case "whether":
            return _whether(asked, claims)
    return _statement(asked, claims)


def is_of(claim: Claim, speaker: str) -> bool:
    """Whether a claim is attributed to a speaker, by name, outermost or innermost."""
    attribution = claim.attribution
    if attribution is None or attribution.voice == "own":
        return False
    if attribution.claimant is not None and attribution.claimant.named:
        if same_bearer(speaker, attribution.claimant.name.text) or same_bearer(
            speaker, attribution.claimant.mention.text
        ):
            return True
    return attribution.via is not None and same_bearer(speaker, attribution.via.text)


# -- questions ----------------------------------------------------------------------------------------------


def _asks_who(text: str) -> Saying | None:
    for pattern in (_ACCORDING_TO_WHOM, _QUOTED_AS):
        if found := pattern.match(text):
            return Saying("who", "", _topic(found["topic"]))
    found = _WHO.match(text)
    if found is None:
        return None
    verb, topic = _FORMS[found["verb"].lower()], found["topic"].strip()
    if found["sort"] and not _SPEAKERS.search(found["sort"]):
        return None
    needed = _FOLLOWED.get(verb)
    if not topic or needed and not re.match(needed, topic, re.IGNORECASE):
        return None
    if verb in ("report", "claim", "estimate") and re.match(
        r"(?:to|for)\b", topic
    ):  # "who reports to the minister?"
        return None
    return Saying("who", "", _topic(topic), verb in _DENYING)


# "which official said", not "which ship reported missing ...".
_SPEAKERS = re.compile(
    r"\b(?:official|minister|ministry|group|agency|newspaper|paper|outlet|source|spokes\w+|person|politician|leader|"
    r"country|government|organi[sz]ation|party|commander|general|senator|president|witness|expert|side|report)(?:s|es)?$",
    re.IGNORECASE,
)


def _asks_whether(text: str) -> Saying | None:
    found = _DID.match(text) or _TRUE.match(text)
    if (
        found is None
        or _NO_SPEAKER.match(found["speaker"])
        or found["speaker"].lower().startswith(("anyone", "anybody", "someone"))
    ):
        if found is not None and found["speaker"].lower().startswith(("anyone", "anybody", "someone")):
            return Saying("who", "", _topic(found["topic"]), _FORMS[found["verb"].lower()] in _DENYING)
        return None
    return Saying(
        "whether", found["speaker"], _topic(found["topic"]), _FORMS[found["verb"].lower()] in _DENYING
    )


def _asks_what(text: str) -> Saying | None:
    for pattern in (_ACCORDING, _ACCORDING_LAST, _POSITION):
        if (found := pattern.match(text)) and not _NO_SPEAKER.match(found["speaker"]):
            return Saying("what", found["speaker"].strip(), _topic(found["topic"]))
    found = _WHAT.match(text)
    if found is None or _NO_SPEAKER.match(found["speaker"]):
        return None
    verb = _FORMS[found["verb"].lower()]
    if text.lower().startswith("how") and verb not in ("describe", "respond", "explain", "comment", "reply"):
        return None
    if re.match(
        r"(?:is|are|was|were)\b",
        re.sub(r"^\W*(?:what|how)\W+(?:else |exactly )?", "", text, flags=re.IGNORECASE),
    ) and not found["verb"].endswith("ing"):
        return None  # "what is the Observatory called?"
    if verb == "call" and not re.match(r"(?:on|for)\b", found["topic"]):  # "what do Syrians call the city?"
        return None
    return Saying("what", found["speaker"].strip(), _topic(found["topic"]), verb in _DENYING)


def _topic(text: str) -> str:
    return re.sub(r"^(?:that|about|on|of|to)\s+", "", text.strip().strip("\"'“”‘’"), flags=re.IGNORECASE)


# -- answers ------------------------------------------------------------------------------------------------


def _by_whom(asked: Saying, claims: Sequence[Claim]) -> Said:
    def fit(claim: Claim) -> tuple[float, ...]:
        on = _on(asked.topic, claim)
        return (
            on >= _ON and _reported(claim) and denial(claim) == asked.denying,
            round(on, 1),
            _named(claim),
            claim.score,
        )

    ordered = sorted(claims, key=fit, reverse=True)
    says = tuple(i for i, claim in enumerate(ordered) if fit(claim)[0])
    otherwise = tuple(
        i for i, claim in enumerate(ordered)
        if i not in says and _reported(claim) and _on(asked.topic, claim) >= _ON and denial(claim) != asked.denying
    )  # fmt: skip
    # Only the best speaks for the answer: where it names nobody, the next best would be a guess.
    short = ordered[says[0]].attribution.claimant.name.text if says and _named(ordered[says[0]]) else None
    return Said(tuple(ordered), short, says, otherwise)


def _of_speaker(asked: Saying, claims: Sequence[Claim]) -> Said:
    theirs = [claim for claim in claims if is_of(claim, asked.speaker)]
    theirs.sort(
        key=lambda claim: (asked.denying and denial(claim), round(_on(asked.topic, claim), 1), claim.score),
        reverse=True,
    )
    if not theirs:
        return Said(tuple(claims), None)
    # "According to SANA, how many ...?" is answered by the reader, from these sentences.
    short = None if _ASKING.match(asked.topic) else _content(theirs[0])
    return Said(tuple(theirs), short, tuple(range(len(theirs))))


def _whether(asked: Saying, claims: Sequence[Claim]) -> Said:
    theirs = {i: _stance(asked.topic, claim) for i, claim in enumerate(claims) if is_of(claim, asked.speaker)}
    wanted = -1 if asked.denying else 1
    says = [claims[i] for i, stance in theirs.items() if stance == wanted]
    otherwise = [claims[i] for i, stance in theirs.items() if stance == -wanted]
    short = "yes" if says and not otherwise else "no" if otherwise and not says else None
    return _said(claims, says, otherwise, short)


def _statement(asked: Saying, claims: Sequence[Claim]) -> Said:
    says = [claim for claim in claims if _stance(asked.topic, claim) > 0]
    otherwise = [claim for claim in claims if _stance(asked.topic, claim) < 0]
    named = [claim for claim in says if _named(claim)]
    return _said(claims, says, otherwise, named[0].attribution.claimant.name.text if named else None)


def _said(claims: Sequence[Claim], says: list[Claim], otherwise: list[Claim], short: str | None) -> Said:
    rest = [claim for claim in claims if claim not in says and claim not in otherwise]
    until = len(says) + len(otherwise)
    return Said((*says, *otherwise, *rest), short, tuple(range(len(says))), tuple(range(len(says), until)))


def _stance(topic: str, claim: Claim) -> int:
    """1 where a claim says what the topic says, -1 where it says the contrary, 0 where it does neither: too few
    of the topic's words, not all of its names, or its names the other way round."""
    if _on(topic, claim) < _ON:
        return 0
    held = words(claim.text)
    names = [word for part in re.findall(r"\b[A-Z][\w'’-]*", topic) for word in telling(part)]
    if any(name not in held for name in names):
        return 0
    places = [held.index(name) for name in dict.fromkeys(names)]
    if places != sorted(places) and not re.search(r"\bby\b", f"{topic} {claim.text}"):
        return 0
    stated, told = amounts(topic), amounts(claim.text)
    if stated and not any(same(one, two) for one in stated for two in told):
        return -1 if told and all(exclude(one, two) for one in stated for two in told) else 0
    found = verdict(topic, claim.text, denial(claim))
    if found is None:
        return -1 if denial(claim) else 1
    return 1 if found.yes else -1


def _on(topic: str, claim: Claim) -> float:
    """The share of a topic's telling words that a claim holds."""
    wanted = set(telling(topic))
    return len(wanted & set(words(claim.text))) / len(wanted) if wanted else 1.0


def _reported(claim: Claim) -> bool:
    return claim.attribution is not None and claim.attribution.voice == "reported"


def _named(claim: Claim) -> bool:
    return _reported(claim) and claim.attribution.claimant is not None and claim.attribution.claimant.named


def _content(claim: Claim) -> str | None:
    """What is said, in the sentence's own words: the longest part of the content that lies in the quote."""
    parts = [part for part in claim.attribution.content if claim.quote.start <= part.start and part.end <= claim.quote.end]
    if not parts:
        return None
    longest = max(parts, key=lambda part: part.end - part.start)
    start, end = longest.start - claim.quote.start, longest.end - claim.quote.start
    if claim.text.startswith("that ", start):
        start += len("that ")
    start, end = trimmed(claim.text, start, end)
    return claim.text[start:end] or None
