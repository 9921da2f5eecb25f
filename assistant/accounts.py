"""Claims grouped by what they say: accounts, whether they differ, and which of many claims to show."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from assistant.asked import Asked, asked
from assistant.conflicts import Given, contradict, subject, twins
from assistant.denials import denial, denied, negated, of_others, verdict
from assistant.types import Account, Claim
from assistant.values import Amount, Name, Value, Verdict, amounts, days, fuller, name, same
from index.wording import words

# What an account that is not shown yet is worth beside a claim's score, and what is left of a claim's worth
# for each sentence of its document that is shown already (chosen on half of RAMDocs' open questions).
NEW, AGAIN = 1.0, 0.5
# The probability that an answer's words are the answer, below which they are no account. Lower, more of the
# contradictions in RAMDocs are found (.1: .51 of them, .3: .31, both at .8 precision), but where documents
# agree, as they mostly do, far less likely words are then told to contradict each other.
LEAST = 0.3
# Where another document says all else in the same words, they need not be so likely.
LEAST_EDITED = 0.05


def group(
    question: str, claims: Sequence[Claim], contexts: Sequence[str] = ()
) -> tuple[tuple[Account, ...], bool]:
    """The accounts of some claims, in their order, and whether two of them contradict each other.

    `contexts` are the texts around the claims' quotes, some hundred characters to each side, with the
    document's title: by them it is told whether two claims speak of one thing. Successive figures stand in
    the order of their dates. A claim of which no value is known is in no account.
    """
    what = asked(question)
    given = _given(what, question, claims, contexts)
    accounts = _accounts(given)
    differ = any(
        contradict(what, given[i], given[j])
        for one, two in combinations(accounts, 2)
        for i in one
        for j in two
    )  # fmt: skip
    made = [_account(members, given) for members in accounts]
    return tuple(_in_order(made, accounts, given)), differ


def choose(
    question: str, claims: Sequence[Claim], most: int, contexts: Sequence[str] = ()
) -> list[Claim]:
    """At most so many claims, the first first, that together say as much as they can: another account
    before more of the same, another document before the same one."""
    if len(claims) <= most:
        return list(claims)
    given = _given(asked(question), question, claims, contexts)
    account = {i: n for n, members in enumerate(_accounts(given)) for i in members}
    chosen = [0]
    while len(chosen) < most:
        told = {account[i] for i in chosen if i in account}
        held = [claims[i].document.id for i in chosen]

        def worth(i: int, told=told, held=held) -> float:
            claim = claims[i]
            new = _sure(claim) if i in account and account[i] not in told else 0.0
            return (claim.score + NEW * new) * AGAIN ** held.count(claim.document.id)

        chosen.append(max((i for i in range(len(claims)) if i not in chosen), key=worth))
    return [claims[i] for i in sorted(chosen)]


# -- values -------------------------------------------------------------------------------------------------


def _given(what: Asked, question: str, claims: Sequence[Claim], contexts: Sequence[str]) -> dict[int, Given]:
    """The claims of which a value is known, by place."""
    found = {
        i: value for i, claim in enumerate(claims) if (value := _value(what, question, claim)) is not None
    }
    best: dict[str, float] = {}
    for i in found:
        document = claims[i].document.id
        best[document] = max(best.get(document, 0.0), _sure(claims[i]))
    name_asked, known = subject(question), frozenset(words(question))
    given = {
        i: Given(
            claims[i], value, shown, denied, _sure(claims[i]), _sure(claims[i]) >= best[claims[i].document.id],
            contexts[i] if contexts else f"{claims[i].document.title or ''}. {claims[i].text}",
            question, name_asked, known,
        )
        for i, (value, shown, denied) in found.items()
    }  # fmt: skip
    return {i: one for i, one in given.items() if _tells(what, one, given)}


def _tells(what: Asked, one: Given, given: dict[int, Given]) -> bool:
    """Whether a value is likely enough to be an account."""
    if isinstance(one.value, Verdict) or one.likely >= LEAST or denied(one.claim):
        return True
    return any(twins(one, other) and contradict(what, one, other) for other in given.values())


def _value(what: Asked, question: str, claim: Claim) -> tuple[Value, str, bool] | None:
    """(value, the words that give it, denied) of a claim."""
    if what.kind == "verdict":
        found = verdict(question, claim.text, denial(claim))
        if found is not None:
            return found, "yes" if found.yes else "no", False
    not_so = denied(claim)
    if claim.answer is None or _sure(claim) < LEAST_EDITED and not not_so:
        return None
    if what.kind == "name" and not_so and of_others(claim):
        return None
    start, end = claim.answer.start - claim.quote.start, claim.answer.end - claim.quote.start
    answer = claim.text[start:end]
    value: Value | None
    if what.kind == "amount":
        value, answer = _amount(question, claim.text, start, end)
    elif what.kind == "day":
        value = next(iter(days(answer)), None)
    else:
        value = name(answer)
    if value is None and not_so:
        value = name(answer)
    if value is None:
        return None
    return (
        value,
        " ".join(answer.split()),
        not_so or (isinstance(value, Name) and negated(question, claim.text, start)),
    )


def _amount(question: str, text: str, start: int, end: int) -> tuple[Amount | None, str]:
    """The amount in the answer, read with what stands around it ("at least", "killed"), and its words."""
    inside = [amount for amount in amounts(text) if amount.start < end and start < amount.end]
    if not inside:
        return None, ""
    fates = {amount.fate for amount in amounts(f"1 {question.rstrip('?')}") if amount.fate}
    best = next((amount for amount in inside if amount.fate in fates), inside[0])
    return best, text[min(start, best.start) : max(end, best.end)] if len(inside) == 1 else text[
        best.start : best.end
    ]


def _sure(claim: Claim) -> float:
    return claim.judgement.answerable if claim.judgement is not None else claim.score


# -- accounts -----------------------------------------------------------------------------------------------


def _accounts(given: dict[int, Given]) -> list[list[int]]:
    """Places of the claims that give one value, by the first of them. The fullest values come first, so
    that "Assad" finds "Bashar al-Assad", and a value that would fit two stands with the likelier."""
    groups: list[list[int]] = []
    for i, one in given.items():
        home = next((group for group in groups if all(_agree(one, given[j]) for j in group)), None)
        if home is None:
            groups.append([i])
        else:
            home.append(i)
    return groups


def _agree(a: Given, b: Given) -> bool:
    return a.denied == b.denied and type(a.value) is type(b.value) and same(a.value, b.value)


def _account(members: list[int], given: dict[int, Given]) -> Account:
    shown = given[members[0]]
    for i in members[1:]:
        if fuller(given[i].value, shown.value):
            shown = given[i]
    dates = [given[i].day for i in members if given[i].day]
    return Account(shown.shown, tuple(members), denied=shown.denied, published=max(dates, default=None))


def _in_order(made: list[Account], members: list[list[int]], given: dict[int, Given]) -> list[Account]:
    """Figures of one thing in the order of their dates, the newest marked; anything else as it came."""
    values = [given[group[0]].value for group in members]
    figures = len(made) > 1 and all(isinstance(value, Amount) for value in values)
    if not figures or len({account.published for account in made}) < 2:
        return _newest(made)
    dated = sorted(
        (account for account in made if account.published), key=lambda account: account.published or ""
    )
    return _newest(dated + [account for account in made if not account.published])


def _newest(made: list[Account]) -> list[Account]:
    """Marks the account with the latest date, where the others are older."""
    dates = sorted((account.published for account in made if account.published), reverse=True)
    if len(made) < 2 or len(dates) < 2 or dates[0] == dates[1]:
        return made
    return [replace(account, newest=account.published == dates[0]) for account in made]
