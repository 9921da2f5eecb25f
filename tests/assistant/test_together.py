"""Questions while another process adds, replaces and removes: what must never happen."""

import hashlib
import itertools
import threading
import time

from assistant.assistant import Assistant
from tests.bench.together import Cited, History, changing, question

ASKERS, TOWNS = 4, 2
ENOUGH, REMOVED = 16, 2  # answers, and removals, that are enough
PATIENCE = 60.0


def cited(answer):
    for claim in answer.claims or answer.nearest:
        span, digest = claim.quote, hashlib.sha256(claim.text.encode()).hexdigest()[:12]
        yield Cited(span.document_id, span.start, span.end, digest, claim.text)
        for copy in claim.copies:
            yield Cited(copy.id, 0, 0, hashlib.sha256(b"").hexdigest()[:12])


def test_every_answer_is_of_one_state_and_nothing_comes_back_that_was_removed(files, library, fill):
    fill(files(a_txt="The harbour of Orme is held by the crown. It rains.", b_txt="The ferry to Orme has sunk."))
    history = History({document.id: library.text(document.id) for document in library.documents()})
    asker = Assistant(library)
    asker.prepare()
    answers, errors, done = [], [], threading.Event()

    def ask(number):
        for turn in itertools.count(number):
            if done.is_set():
                return
            asked = time.monotonic()
            try:
                answer = asker.ask(question(turn % (TOWNS + 1)))  # the last town is never told of
            except Exception as error:
                errors.append(error)
                return
            answers.append((asked, list(cited(answer)), answer.problems))

    askers = [threading.Thread(target=ask, args=(number,)) for number in range(ASKERS)]
    with changing(library.folder, TOWNS) as commits:
        for thread in askers:
            thread.start()
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and not errors:
            removals = sum(commit["came"] is None for commit in commits)
            if removals >= REMOVED and len(answers) >= ENOUGH:
                break
            time.sleep(0.1)
        done.set()
        for thread in askers:
            thread.join()
    assert not errors
    for commit in commits:
        history.commit(commit["came"], commit["went"], commit["acknowledged"])
    assert [problem for _, _, problems in answers for problem in problems] == []
    assert [fault for asked, found, _ in answers for fault in history.faults(found, asked)] == []
    changing_ones = [found for _, found, _ in answers if any(one.document not in history.given for one in found)]
    removed = sum(commit["came"] is None for commit in commits)
    assert len(changing_ones) > 5 and removed, "else nothing was tried"


def test_what_must_never_happen_would_be_noticed():
    history = History({"1": "Always here."})
    history.commit(("2", "One."), None, 1.0)
    history.commit(("3", "Two."), "2", 2.0)
    history.commit(("4", "Three."), None, 3.0)

    def said(document, text, quote=None):
        return Cited(document, 0, len(text), hashlib.sha256(text.encode()).hexdigest()[:12], quote)

    assert history.faults([said("1", "Always here.", "Always here."), said("2", "One.", "One.")], 1.5) == []
    assert history.faults([said("3", "Two."), said("4", "Three.")], 4.0) == []
    assert "removal was acknowledged" in history.faults([said("2", "One.")], 2.5)[0]
    assert "never stood together" in history.faults([said("2", "One."), said("3", "Two.")], 1.5)[0]
    assert "is quoted" in history.faults([said("3", "Two.", "Three.")], 2.5)[0]
    assert "is quoted" in history.faults([Cited("3", 0, 4, "0" * 12)], 2.5)[0]
    assert "never was" in history.faults([said("9", "x")], 1.0)[0]
