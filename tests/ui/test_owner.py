"""Where others can reach it: who has the token is the owner, and nobody else is anybody."""

import os
import stat
import subprocess
import sys
from http.cookies import SimpleCookie

import pytest

from corpus.types import BylineError
from tests.ui.raw import send, told, upload
from ui import owner
from ui.owner import Owner

TOKEN = "a-token-that-is-long-enough"
BEARER = [("Authorization", f"Bearer {TOKEN}")]

EVERYTHING = [
    ("GET", "/"), ("GET", "/config"), ("GET", "/theme.css"), ("GET", "/favicon.ico"), ("GET", "/page/chat.js"),
    ("GET", "/page/login.html"), ("GET", "/static/img/logo.svg"), ("GET", "/passage?at=x"), ("GET", "/holdings"),
    ("GET", "/suggestions?c=x&n=1"),
    ("GET", "/documents"), ("GET", "/documents/state"), ("GET", "/documents/list"), ("GET", "/documents/text?id=1"),
    ("PUT", "/documents/file?name=a.txt"), ("POST", "/documents/remove"), ("POST", "/documents/set"),
    ("POST", "/gradio_api/queue/join"), ("GET", "/gradio_api/queue/data?session_hash=x"),
    ("GET", "/gradio_api/heartbeat/x"), ("GET", "/login/"), ("POST", "/login/"), ("GET", "//login"),
]  # fmt: skip


@pytest.fixture(scope="module")
def guarded(build, stand_in, serve_page, tmp_path_factory):
    library = build(tmp_path_factory.mktemp("owner"), {"note.txt": "The bridge is closed.\n"})
    return serve_page(stand_in(library), token=TOKEN)


@pytest.mark.parametrize(("method", "path"), EVERYTHING)
@pytest.mark.parametrize(
    "headers",
    [
        [], [("Authorization", "Bearer")], [("Authorization", "Bearer wrong-token-of-some-length")],
        [("Authorization", f"Basic {TOKEN}")], [("Authorization", f"Bearer {TOKEN}x")],
        [("Cookie", "byline-{port}=")], [("Cookie", f"byline-{{port}}={TOKEN}")], [("Cookie", "\"; byline-{port}=\xff")],
        [("Cookie", f"token={TOKEN}")],
    ],
)  # fmt: skip
def test_nothing_is_answered_without_the_token(guarded, method, path, headers):
    headers = [(name, value.replace("{port}", str(guarded.port))) for name, value in headers]
    status, _, body = send(guarded, path, method=method, headers=headers)
    assert status in (401, 403)
    assert b"note.txt" not in body and b"bridge" not in body


def test_nothing_is_stored_without_the_token(guarded):
    folder = guarded.assistant.library.folder
    assert upload(guarded, "a.txt", b"stored?")[0] == 401
    assert not (folder / "files").exists()


def test_a_program_gives_the_token_itself(guarded):
    assert send(guarded, "/", headers=BEARER)[0] == 200
    assert told(guarded, "/documents/list", headers=BEARER)[1]["all"] == 1
    assert send(guarded, "/page/chat.js", headers=BEARER)[0] == 200


def log_in(guarded, given, **more):
    headers = [("Content-Type", "application/x-www-form-urlencoded"), *more.get("headers", [("Origin", guarded.url)])]
    return send(guarded, "/login", method="POST", headers=headers, body=f"token={given}".encode())


def test_a_person_logs_in_once(guarded):
    status, _, form = send(guarded, "/login")
    assert status == 200 and b'type="password"' in form
    status, headers, _ = log_in(guarded, TOKEN)
    assert (status, headers["Location"]) == (303, "/")
    cookie = SimpleCookie(headers["Set-Cookie"])[f"byline-{guarded.port}"]
    assert cookie["httponly"] and cookie["samesite"] == "strict" and cookie["path"] == "/" and not cookie["domain"]
    assert TOKEN not in headers["Set-Cookie"]
    kept = [("Cookie", f"other=1; {cookie.key}={cookie.value}")]
    assert send(guarded, "/", headers=kept)[0] == 200
    assert send(guarded, "/documents", headers=kept)[0] == 200
    # It is no more than the owner: the other rules hold for it too.
    assert send(guarded, "/holdings", headers=[*kept, ("Origin", "https://evil.example")])[0] == 403
    assert send(guarded, "/holdings", headers=kept, hosts=["evil.example"])[0] == 421
    assert send(guarded, "/gradio_api/file=/etc/passwd", headers=kept)[0] == 403


@pytest.mark.parametrize("given", ["", "wrong", TOKEN[:-1], TOKEN + "x", "%00", "a" * 10_000])
def test_another_token_opens_nothing(guarded, given):
    status, headers, body = log_in(guarded, given)
    assert status == 403 and "Set-Cookie" not in headers and b"not the token" in body


def test_another_site_cannot_log_a_person_in(guarded):
    for origin in ("https://evil.example", "null"):
        assert log_in(guarded, TOKEN, headers=[("Origin", origin)])[0] == 403


def test_the_token_is_compared_in_constant_time(guarded, monkeypatch):
    compared = []
    real = owner.hmac.compare_digest
    monkeypatch.setattr(owner.hmac, "compare_digest", lambda a, b: compared.append(1) or real(a, b))
    send(guarded, "/", headers=BEARER)
    send(guarded, "/", headers=[("Cookie", f"byline-{guarded.port}=x")])
    log_in(guarded, "x")
    assert len(compared) == 3


def test_another_token_makes_the_old_cookies_worthless():
    one, other = Owner(TOKEN, 1), Owner(TOKEN + "2", 1)
    header = [(b"cookie", f"{one._name}={one._cookie}".encode())]
    assert one.admits(header) and not other.admits(header)


def test_login_is_no_route_without_a_token(build, stand_in, serve_page, tmp_path):
    served = serve_page(stand_in(build(tmp_path, {"note.txt": "The bridge is closed.\n"})))
    assert send(served, "/login")[0] == 403
    assert send(served, "/", headers=[("Authorization", "Bearer x")])[0] == 200


def test_a_token_is_made_for_its_owner_alone(tmp_path):
    file = tmp_path / "token"
    made = owner.token(file)
    assert len(made) >= 40 and owner.token(file) == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("held", ["", "short", "x" * 19, "with a space in the middle of it", "é" * 30, "a\nb" * 20])
def test_a_token_that_is_none_is_refused(tmp_path, held, monkeypatch):
    file = tmp_path / "token"
    file.write_text(held)
    file.chmod(0o600)
    with pytest.raises(BylineError, match="at least 20"):
        owner.token(file)
    monkeypatch.setenv("BYLINE_TOKEN", held)
    with pytest.raises(BylineError, match="BYLINE_TOKEN"):
        owner.token(None)


def test_a_token_that_others_can_read_is_refused(tmp_path):
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(0o640)
    with pytest.raises(BylineError, match=r"chmod 600"):
        owner.token(file)
    with pytest.raises(BylineError, match="cannot be written"):
        owner.token(tmp_path / "no" / "token")


def test_the_token_of_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv("BYLINE_TOKEN", raising=False)
    assert owner.token(None) is None
    monkeypatch.setenv("BYLINE_TOKEN", TOKEN)
    assert owner.token(None) == TOKEN


def test_the_command_refuses_to_be_open_to_others(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "BYLINE_TOKEN"}
    done = subprocess.run(
        [sys.executable, "-m", "ui.cli", "--library", str(tmp_path), "serve", "--host", "0.0.0.0", "--port", "0"],
        capture_output=True, text=True, timeout=60, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 1 and "--token-file" in done.stderr and "Traceback" not in done.stderr
