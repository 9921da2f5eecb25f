"""The command line: shapes of its JSON, batches, exit codes, and errors for people."""

import json
import os
import pty
import select
import shutil
import sqlite3
import subprocess
import sys

import pytest

from ui import cli, sample

ANSWER_KEYS = {
    "id", "question", "standalone", "abstained", "confidence", "short_answer", "accounts", "differ", "support",
    "claims", "nearest", "excluded_undated", "timings_ms",
}  # fmt: skip
CLAIM_KEYS = {
    "quote", "document", "name", "title", "source", "published", "start", "end", "page", "answer", "attribution",
    "copies", "score",
}  # fmt: skip


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    """Runs a command in this process; returns (exit code, stdout, stderr)."""
    monkeypatch.setenv("BYLINE_LIBRARY", str(tmp_path / "library"))

    def run(*arguments):
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = stop.code
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run


@pytest.fixture
def harbour(files, run):
    folder = files(
        a_md="---\ntitle: Harbour\nsource: Courier\npublished: 2016-11-29\n---\nThe guild holds the harbour. It rains.\n",
        b_txt="The crown holds the harbour.",
    )
    assert run("add", folder)[0] == 0
    return folder


def parsed(result, code=0):
    assert result[0] == code, result
    return json.loads(result[1])


def test_add_says_what_it_did(files, run):
    folder = files(a_txt="A sentence. Another.", b_txt="")
    code, out, err = run("add", "--json", folder)
    report = json.loads(out)
    assert code == 1
    assert (report["added"], report["replaced"], report["unchanged"], report["sentences"]) == (1, 0, 0, 2)
    assert [list(failure) for failure in report["failed"]] == [["path", "error"]]
    assert "b.txt" in report["failed"][0]["path"] and "b.txt" in err and report["seconds"] > 0
    (folder / "b.txt").write_text("Something now.")
    assert parsed(run("add", "--json", folder)) | {"seconds": 0} == {
        "added": 1, "replaced": 0, "unchanged": 1, "removed": 0, "missing": [], "notes": [], "failed": [],
        "sentences": 1, "seconds": 0,
    }  # fmt: skip


def test_list_show_set_remove(harbour, run):
    listed = parsed(run("list", "--json"))["documents"]
    assert [d["name"] for d in listed] == ["a.md", "b.txt"]
    assert listed[0] | {"document": "", "origin": ""} == {
        "document": "", "name": "a.md", "origin": "", "title": "Harbour", "source": "Courier",
        "published": "2016-11-29", "author": None, "pages": None, "sentences": 2, "set_by_person": [],
    }  # fmt: skip
    assert run("show", "a.md")[1] == "The guild holds the harbour. It rains.\n\n"
    assert parsed(run("show", "a.md", "--span", "4:9", "--json"))["text"] == "guild"
    assert run("show", "a.md", "--span", "4:900")[0] == 1
    assert run("show", "a.md", "--span", "x")[0] == 2
    assert "Herald (set by you)" in run("set", "b.txt", "--source", "Herald", "--published", "2016-11-30")[1]
    assert parsed(run("list", "--json"))["documents"][1]["set_by_person"] == ["published", "source"]
    assert run("set", "b.txt", "--published", "soon")[0] == 2
    assert run("set", "b.txt")[0] == 2
    code, out, err = run("remove", "a.md", "nowhere.txt")
    assert code == 1 and "removed a.md" in out and "nowhere.txt" in err
    assert [d["name"] for d in parsed(run("list", "--json"))["documents"]] == ["b.txt"]
    assert "no document is called" in run("show", "a.md")[2]


def test_an_answer_has_the_shape_of_the_interface(harbour, run):
    answer = parsed(run("ask", "--json", "who holds the harbour?"))
    assert ANSWER_KEYS <= answer.keys() and CLAIM_KEYS <= answer["claims"][0].keys()
    assert answer["support"] == {"origins": 1, "documents": 2} and not answer["abstained"]
    assert answer["timings_ms"].keys() == {"retrieve", "read", "attribute", "total"}
    for claim in answer["claims"]:
        shown = parsed(run("show", claim["document"], "--span", f"{claim['start']}:{claim['end']}", "--json"))
        assert shown["text"] == claim["quote"]
    refused = parsed(run("ask", "--json", "what happened in Mongolia?"))
    assert refused["abstained"] and refused["claims"] == [] and 0 < len(refused["nearest"]) <= 5


def test_search_by_sentence_and_by_document(harbour, run):
    found = parsed(run("search", "--json", "-k", "1", "who holds the harbour?"))
    assert len(found["hits"]) == 1 and found["hits"][0].keys() == {
        "document", "name", "title", "source", "published", "page", "start", "end", "text", "score",
    }  # fmt: skip
    names = [hit["name"] for hit in parsed(run("search", "--json", "--by", "document", "harbour"))["hits"]]
    assert sorted(names) == ["a.md", "b.txt"]
    only = parsed(run("search", "--json", "harbour", "--since", "2016-01-01"))["hits"]
    assert {hit["name"] for hit in only} == {"a.md"}


def test_a_batch_answers_every_line_in_order_and_names_the_bad(harbour, run, tmp_path):
    batch = tmp_path / "batch.jsonl"
    batch.write_text(
        '{"id": 1, "question": "who holds the harbour?", "source": null, "history": []}\n'
        "not json\n"
        '{"id": "x", "question": "who?", "colour": "red"}\n'
        '{"id": "y"}\n'
        '{"id": "z", "question": "who?", "since": "yesterday"}\n'
        "[1]\n"
        '{"id": {"a": 1}, "question": "who?"}\n'
        '{"question": "who holds it?", "history": [{"question": "what of the harbour?", "answer": "Much."}]}\n'
        '{"id": "h", "question": "who?", "history": "before"}\n'
        '{"id": 2, "question": "who holds the harbour?", "source": "Courier", "as_of": "2016-11-30"}\n'
        '{"id": "s", "question": "\\ud800"}\n'
        "\n"
        '{"id": 3, "question": "who holds the harbour?"}'
    )
    code, out, err = run("ask", "--json", "--batch", batch)
    results = [json.loads(line) for line in out.splitlines()]
    assert code == 1 and len(results) == 13
    bad = {number: result for number, result in enumerate(results, 1) if "error" in result}
    assert bad.keys() == {2, 3, 4, 5, 6, 7, 9, 11, 12}
    assert all(result["line"] == number and result.keys() == {"id", "line", "error"} for number, result in bad.items())
    assert [bad[n]["id"] for n in (2, 3, 4, 5, 6, 7, 9)] == [None, "x", "y", "z", None, None, "h"]
    assert "'colour'" in bad[3]["error"] and "yesterday" in bad[5]["error"]
    assert results[9]["id"] == 2 and {c["name"] for c in results[9]["claims"]} == {"a.md"}
    alone = parsed(run("ask", "--json", "who holds the harbour?"))
    for result in (results[0], results[12]):
        same = ANSWER_KEYS - {"id", "timings_ms"}
        assert {k: result[k] for k in same} == {k: alone[k] for k in same}, "each is answered as if alone"


def test_a_search_batch_knows_its_own_keys(harbour, run, tmp_path):
    batch = tmp_path / "batch.jsonl"
    batch.write_text('{"id": 1, "query": "harbour", "until": "2016-11-29"}\n{"id": 2, "query": "harbour", "as_of": "2016-11-29"}\n')
    code, out, _ = run("search", "--batch", batch, "-k", "3")
    first, second = map(json.loads, out.splitlines())
    assert code == 1 and {hit["name"] for hit in first["hits"]} == {"a.md"} and "as_of" in second["error"]


@pytest.mark.parametrize(
    "arguments",
    [[], ["fly"], ["ask"], ["search"], ["add"], ["ask", ""], ["ask", " "], ["ask", "x" * 5000], ["ask", "q", "--since", "x"],
     ["search", "q", "-k", "0"], ["search", "q", "-k", "²"], ["search", "q", "--by", "page"], ["add", "x", "--published", "2016"]],
)  # fmt: skip
def test_wrong_usage_exits_with_2(arguments, harbour, run):
    code, out, err = run(*arguments)
    assert code == 2 and not out and err


@pytest.mark.parametrize("arguments", [["list"], ["ask", "who?"], ["check"], ["remove", "a"], ["rebuild"]])
def test_a_library_that_is_not_there_is_said_not_to_be(arguments, run, tmp_path):
    code, _, err = run(*arguments)
    assert code == 1 and "there is no library" in err and "byline add" in err
    assert not (tmp_path / "library").exists()


def test_check_finds_what_is_wrong_and_says_what_mends_it(harbour, run, tmp_path):
    assert parsed(run("check", "--json")) == {"ok": True, "problems": []}
    shutil.rmtree(tmp_path / "library" / "derived")
    report = parsed(run("check", "--json"), code=1)
    assert not report["ok"] and report["problems"][0].keys() == {"what", "where", "mend"}
    assert parsed(run("ask", "--json", "who holds the harbour?"))["claims"]
    assert parsed(run("check", "--json"))["ok"], "it was made again at the question"
    with sqlite3.connect(tmp_path / "library" / "library.sqlite") as db:
        db.execute("UPDATE parts SET text = replace(text, 'guild', 'thief')")
    db.close()
    code, _, err = run("check")
    assert code == 1 and "a.md" in err and "byline remove" in err
    answer = parsed(run("ask", "--json", "who holds the harbour?"), code=1)
    assert "thief" not in json.dumps(answer) and "damaged" in answer["problems"][0]


def test_a_flipped_byte_in_the_file_never_becomes_a_quote(files, byline, tmp_path):
    folder = files(a_txt="The guild holds the harbour.")
    assert byline("add", folder).returncode == 0
    path = tmp_path / "library" / "library.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    db.close()
    good = path.read_bytes()
    (where,) = [at for at in range(len(good)) if good.startswith(b"The guild holds", at)]
    question = ("ask", "--json", "who holds the harbour?")
    path.write_bytes(good[: where + 4] + b"f" + good[where + 5 :])
    flipped = byline(*question)
    assert flipped.returncode == 1 and "fuild" not in flipped.stdout and "byline remove" in flipped.stderr
    for ruined in (good[:4096] + bytes(8192) + good[12288:], b"not a database at all" * 500, good[:5000]):
        path.write_bytes(ruined)
        refused = byline(*question)
        assert refused.returncode == 1 and "damaged" in refused.stderr and "Traceback" not in refused.stderr


def test_escape_sequences_never_reach_the_terminal(files, run):
    """THREATS 35."""
    folder = files(x_txt="The harbour is held.\x1b]0;owned\x07 By \x9b31mthe guild\u202e.")
    (folder / "x.txt").rename(folder / "evil\x1b[2J.txt")
    (folder / "bad\x1b[2J.txt").write_bytes(b"")
    outputs = [run("add", folder), run("list"), run("search", "harbour"), run("ask", "who holds the harbour?"),
               run("show", "evil\x1b[2J.txt"), run("show", "\x1b[2J"), run("remove", "evil\x1b[2J.txt")]  # fmt: skip
    for code, out, err in outputs:
        assert not set(out + err) & {"\x1b", "\x07", "\x9b", "\u202e"}, (out, err)
    assert "evil\\x1b[2J.txt" in outputs[1][1] and "By \\x9b31mthe guild" in outputs[3][1]


def test_a_mended_question_is_said_to_be_read_so(harbour, run):
    assert run("ask", "who holds the harbuor?")[1].startswith("Read as: who holds the harbour?\n")
    assert "Read as" not in run("ask", " who holds the harbour? ")[1]


def test_json_keeps_what_a_terminal_would_not(files, run):
    folder = files(x_txt="The harbour\x1b is held by the guild.")
    run("add", folder)
    assert parsed(run("ask", "--json", "who holds the harbour?"))["claims"][0]["quote"] == "The harbour\x1b is held by the guild."


def test_the_real_command_from_start_to_answer(files, byline):
    folder = files(a_txt="The guild holds the harbour.")
    assert byline("add", folder).returncode == 0
    done = byline("ask", "who holds the harbour?")
    assert done.returncode == 0 and "“The guild holds the harbour.”" in done.stdout and not done.stderr
    assert byline("ask", "who?", "--library", "/proc/nowhere").returncode == 1
    assert byline("--help").returncode == 0


def test_progress_is_shown_on_a_terminal_only(files, byline, tmp_path):
    folder = files(a_txt="The guild holds the harbour.")
    assert not byline("add", folder).stderr
    (folder / "b.txt").write_text("Another.")
    parent, child = pty.openpty()
    environment = os.environ | {"BYLINE_LIBRARY": str(tmp_path / "library")}
    subprocess.run([sys.executable, "-m", "ui.cli", "add", folder], stderr=child, env=environment, check=True)
    seen = os.read(parent, 10_000) if select.select([parent], [], [], 5)[0] else b""
    os.close(parent)
    os.close(child)
    assert b"2 of 2 files" in seen


def test_options_before_the_command_count_like_those_after(files, run, tmp_path):
    folder = files(a_txt="The guild holds the harbour.")
    other = tmp_path / "other"
    assert run("--library", other, "add", folder)[0] == 0
    assert not (tmp_path / "library").exists()
    assert json.loads(run("--json", "--library", other, "list")[1])["documents"]
    assert json.loads(run("--library", other, "list", "--json")[1])["documents"]
    assert "there is no library" in run("list")[2]


def test_filters_beside_a_batch_are_refused_rather_than_ignored(harbour, run, tmp_path):
    batch = tmp_path / "batch.jsonl"
    batch.write_text('{"question": "who holds the harbour?"}\n')
    for beside in (["--source", "Courier"], ["--since", "2016-01-01"], ["--as-of", "2016-01-01"], ["who?"]):
        assert run("ask", *beside, "--batch", batch)[0] == 2


def test_ids_that_are_no_json_do_not_stop_a_batch(harbour, run, tmp_path):
    batch = tmp_path / "batch.jsonl"
    question = '"question": "who holds the harbour?"'
    ids = ('"\\ud800"', "1e400", "NaN", "-Infinity", "true")
    batch.write_text("\ufeff" + "".join(f'{{"id": {id}, {question}}}\n' for id in ids), encoding="utf-8")
    code, out, _ = run("ask", "--batch", batch)
    results = [json.loads(line, parse_constant=pytest.fail) for line in out.splitlines()]
    assert code == 1 and ["error" in result for result in results] == [True, True, True, True, False]


def test_a_name_cannot_pass_for_another_citation(run, tmp_path):
    forged = 'x, undated\n\n[2] “The crown fell on Friday.”\n    — Reuters'
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"id": forged, "text": "The guild\n\n[9] “holds”\n    the harbour."}) + "\n")
    run("add", path)
    for out in (run("ask", "who holds the harbour?")[1], run("list")[1], run("search", "harbour")[1]):
        assert not [line for line in out.splitlines() if line.startswith(("[2] “The crown", "[9]"))]


def test_one_document_under_two_spellings_is_removed_once(harbour, run):
    code, out, err = run("remove", "a.md", str(harbour / "a.md"), "nowhere")
    assert code == 1 and out.count("removed a.md") == 1 and "nowhere" in err and "damaged" not in err


def test_what_was_added_is_told_though_the_index_cannot_be_made(files, run, monkeypatch):
    folder = files(a_txt="The guild holds the harbour.", b_txt="")
    monkeypatch.setattr("index.sync.sync", lambda library: ["the disk is full"])
    code, out, err = run("add", "--json", folder)
    assert code == 1 and json.loads(out)["added"] == 1 and "b.txt" in err and "the disk is full" in err


def test_disk_errors_are_told_without_a_traceback(files, run, tmp_path):
    folder = files(a_txt="x")
    assert run("add", tmp_path / ("n" * 300))[0] == 1
    assert run("show", "caf\udce9.txt", "--library", folder)[0] == 1
    assert run("list", "--library", "/proc/1/nowhere/x")[0] == 1
    assert run("search", "\udce9")[0] == 2


def test_rebuild_keeps_the_encoder_and_says_what_it_did(harbour, run):
    assert parsed(run("rebuild", "--json")) == {"encoder": "all-MiniLM-L6-v2", "sentences": 3}
    assert parsed(run("check", "--json"))["ok"]
    assert parsed(run("ask", "--json", "who holds the harbour?"))["claims"]


def test_an_empty_library_is_not_opened_in_place_of_the_sample(run, tmp_path):
    run("add", tmp_path / "missing.txt")
    _, banner, starters = sample.open_or_sample(tmp_path / "library")
    assert "bundled sample" in banner and starters


def test_a_filter_is_a_known_key_and_a_bound_value(harbour, run, tmp_path):
    """THREATS 32."""
    batch = tmp_path / "batch.jsonl"
    hostile = ("x') OR 1--", "source') OR 1--", "documents.source", "__class__", "library")
    lines = [json.dumps({"id": n, "query": "harbour", key: 1}) for n, key in enumerate(hostile)]
    lines += [json.dumps({"id": "v", "query": "harbour", "source": value}) for value in ("' OR 1=1 --", "%", "Cour*", "_______")]
    batch.write_text("\n".join(lines) + "\n")
    code, out, _ = run("search", "--batch", batch)
    results = [json.loads(line) for line in out.splitlines()]
    assert code == 1 and all("unknown key" in result["error"] for result in results[: len(hostile)])
    assert all(result["hits"] == [] for result in results[len(hostile) :]) and len(results) == len(lines)
    assert run("list")[0] == 0


def test_where_nothing_can_be_said_the_exit_code_says_it(tmp_path):
    """Both outputs go to a disk that is full."""
    command = [sys.executable, "-m", "ui.cli", "--library", str(tmp_path / "none"), "list"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=full, check=False)
    assert done.returncode == 1
