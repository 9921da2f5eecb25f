"""The served page from outside: only this machine, only this page, only what it needs."""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from corpus.types import BylineError
from tests.ui.raw import send
from ui.guard import BODY_LIMIT, own_names
from ui.server import _listen, serve

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def served(build, serve_page, tmp_path_factory):
    from ui.given import QUESTION_LIMIT

    assert QUESTION_LIMIT == 4_000
    folder = tmp_path_factory.mktemp("served")
    return serve_page(_Silent(build(folder, {"note.txt": "The bridge is closed.\n"})))


class _Silent:
    def __init__(self, library) -> None:
        self.library = library

    def ask(self, question, **more):
        raise BylineError("not asked here")


EVERYWHERE = [
    ("GET", "/"), ("GET", "/config"), ("GET", "/passage?at=x"), ("GET", "/holdings"),
    ("GET", "/conversations"), ("POST", "/conversations/rename"), ("POST", "/conversations/remove"),
    ("GET", "/export?c=x&as=json"), ("POST", "/feedback"), ("GET", "/around?at=x"), ("GET", "/sources"), ("GET", "/suggestions?c=x&n=1"),
    ("GET", "/page/chat.js"),
    ("GET", "/theme.css"), ("POST", "/gradio_api/queue/join"),
    ("GET", "/gradio_api/queue/data?session_hash=x"),
    ("GET", "/gradio_api/heartbeat/x"), ("POST", "/gradio_api/upload"),
    ("GET", "/gradio_api/file=/etc/passwd"),
    ("GET", "/documents"), ("GET", "/documents/list"), ("PUT", "/documents/file?name=a.txt"),
    ("POST", "/documents/remove"), ("POST", "/documents/set"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.evil.example:{port}",
        "0.0.0.0:{port}",
        "[::]:{port}",
        "",
    ],
)
def test_another_host_is_refused_everywhere(served, method, path, host):
    assert send(served, path, method=method, hosts=[host.format(port=served.port)])[0] in (400, 421)


def test_one_host_and_no_more(served):
    own = f"127.0.0.1:{served.port}"
    assert send(served, "/passage", hosts=[])[0] in (400, 421)
    assert send(served, "/passage", hosts=[own, "evil.example"])[0] in (400, 421)
    for host in (own, f"localhost:{served.port}", f"[::1]:{served.port}", f"LOCALHOST:{served.port}"):
        assert send(served, "/passage", hosts=[host])[0] == 200


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://evil.example",
        "http://localhost:1",
        "http://127.0.0.1",
        "http://127.0.0.1:{port}.evil.example",
        "https://127.0.0.1:{port}",
        "http://localhost:{port}",
    ],
)
def test_another_origin_is_refused_everywhere(served, method, path, origin):
    headers = [("Origin", origin.format(port=served.port))]
    assert send(served, path, method=method, headers=headers)[0] == 403
    assert (
        send(served, path, method="OPTIONS", headers=[*headers, ("Access-Control-Request-Method", "POST")])[0]
        == 403
    )


def test_the_page_itself_is_answered(served):
    assert send(served, "/")[0] == 200
    assert send(served, "/passage", headers=[("Origin", served.url)])[0] == 200
    body = json.dumps({"data": [None], "fn_index": -1, "session_hash": "y"}).encode()
    headers = [("Origin", served.url), ("Content-Type", "application/json")]
    assert send(served, "/gradio_api/queue/join", method="POST", headers=headers, body=body)[0] not in (
        403,
        421,
    )


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd", "/gradio_api/file=%2e%2e/%2e%2e/etc/passwd", "/gradio_api/file=%00",
        "/gradio_api/file=http://169.254.169.254/", "/gradio_api/proxy=http://169.254.169.254/",
        "/gradio_api/file/etc/passwd", "/file=/etc/passwd", "/gradio_api/upload", "/upload",
        "/gradio_api/upload_progress?upload_id=x", "/gradio_api/run/submit", "/gradio_api/call/submit",
        "/gradio_api/call/v2/submit", "/gradio_api/api/submit", "/gradio_api/component_server",
        "/gradio_api/process_recording", "/gradio_api/vibe-edit", "/gradio_api/vibe-code", "/gradio_api/runs",
        "/gradio_api/deep_link", "/gradio_api/dev/reload", "/gradio_api/stream/x", "/gradio_api/openapi.json",
        "/gradio_api/custom_component/1/client/component/index.js", "/custom_component/1/client/x/y",
        "/monitoring",
        "/monitoring/summary", "/login", "/login_check", "/token", "/app_id", "/svelte/x", "/docs",
        "/openapi.json",
        "/page/../server.py", "/page/%2e%2e/server.py", "/static/..%2f..%2froutes.py", "/assets/..%5c..%5cx",
        "/PAGE/chat.js", "//etc/passwd", "/gradio_api/queue/join/../../file=/etc/passwd",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_routes_that_the_page_does_not_use_do_not_exist(served, method, path):
    assert send(served, path, method=method)[0] in (403, 404)


def test_an_upload_is_refused_and_nothing_is_stored(served):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nstored?\r\n--x--\r\n'
    )
    headers = [("Content-Type", "multipart/form-data; boundary=x")]
    for origin in ([], [("Origin", "https://evil.example")], [("Origin", "null")], [("Origin", served.url)]):
        assert (
            send(served, "/gradio_api/upload", method="POST", headers=headers + origin, body=body)[0] == 403
        )
    assert _stored() == []


def _stored() -> list[Path]:
    return [path for path in Path(os.environ["GRADIO_TEMP_DIR"]).rglob("*") if path.is_file()]


JSON = [("Content-Type", "application/json")]
FILES = [{"path": "/etc/passwd"}, {"path": "http://127.0.0.1:{port}/passage"}]


def call_every_function(served, smuggled) -> tuple[list[int], bytes]:
    """Calls the page's functions with `smuggled` in every input: the statuses, and what came back."""
    statuses = []
    functions = json.loads(send(served, "/config")[2])["dependencies"]
    for dependency in [function for function in functions if function["inputs"]]:
        call = {
            "data": [smuggled for _ in dependency["inputs"]],
            "fn_index": dependency["id"],
            "session_hash": "x",
        }
        statuses.append(send(served, _route(dependency), method="POST", headers=JSON, body=json.dumps(call).encode())[0])
    answered = send(served, "/gradio_api/queue/data?session_hash=x")[2] if 200 in statuses else b""
    return statuses, answered


def _route(dependency: dict) -> str:
    """Where the page calls a function: by way of the queue, or at once."""
    return "/gradio_api/run/predict" if dependency["queue"] is False else "/gradio_api/queue/join"


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("within", ["{}", "[{}]", '{"text": {}}'])
def test_a_file_named_in_a_call_is_not_read(served, file, within):
    file = {
        **file,
        "path": file["path"].replace("{port}", str(served.port)),
        "meta": {"_type": "gradio.FileData"},
    }
    smuggled = json.loads(within.replace("{}", json.dumps(file)))
    statuses, _ = call_every_function(served, smuggled)
    assert statuses and set(statuses) == {403}
    assert _stored() == []


def test_nor_is_it_read_by_gradio_itself(served, monkeypatch):
    monkeypatch.setattr("ui.guard.names_no_file", lambda body: True)
    statuses, answered = call_every_function(
        served, {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
    )
    assert 200 in statuses and b"process_completed" in answered and b"root:" not in answered
    assert _stored() == []


def test_a_file_named_in_words_is_words(served):
    statuses, answered = call_every_function(
        served, '{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}'
    )
    assert set(statuses) == {200} and b"process_completed" in answered and b"root:" not in answered
    assert _stored() == []


@pytest.mark.parametrize("route", ["/gradio_api/queue/join", "/gradio_api/run/predict"])
@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b'{"data": {}}', b'{"data": [1]}', b"[" * 200_000, b"\xff"]
)
def test_a_call_that_is_none_is_refused(served, route, body):
    assert send(served, route, method="POST", headers=JSON, body=body)[0] == 403


def test_asking_does_not_pass_by_the_queue(served):
    """Where fewer at a time are let in."""
    functions = json.loads(send(served, "/config")[2])["dependencies"]
    for dependency in [function for function in functions if function["queue"] is not False]:
        call = json.dumps({"data": [None] * len(dependency["inputs"]), "fn_index": dependency["id"], "session_hash": "z"})
        assert send(served, "/gradio_api/run/predict", method="POST", headers=JSON, body=call.encode())[0] == 404


def test_too_much_is_refused_at_once(served):
    begun = time.monotonic()
    stated = send(served, "/gradio_api/queue/join", method="POST", length=20_000_000)
    assert stated[0] == 413
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as raw:
        head = f"POST /gradio_api/queue/join HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n"
        raw.sendall((head + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n").encode())
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        for _ in range(BODY_LIMIT // 0x10000 + 2):
            raw.sendall(chunk)
        assert raw.recv(64).startswith(b"HTTP/1.1 413")
    ranges = [("Range", "bytes=" + ",".join("0-1" for _ in range(10_000)))]
    assert send(served, "/page/chat.js", headers=ranges)[0] in (200, 206, 400, 416)
    assert time.monotonic() - begun < 1


def test_a_second_guard_stands_behind_the_escaping(served):
    policy = send(served, "/")[1]["Content-Security-Policy"]
    for rule in (
        "default-src 'self'",
        "script-src-attr 'none'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "frame-ancestors 'none'",
    ):
        assert rule in policy
    assert "http" not in policy and "*" not in policy
    assert send(served, "/nothing")[1]["Content-Security-Policy"] == policy


def test_the_page_names_no_foreign_address_that_it_loads(served):
    html = send(served, "/")[2].decode()
    for tag in re.findall(r"<(?:script|link|img|iframe)\b[^>]*>", html):
        assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", tag), tag


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "", "127.0.0.1.evil.example"]
)
def test_it_serves_this_machine_only_without_a_token(host):
    with pytest.raises(BylineError, match="--token-file"):
        serve(_not_opened, host=host, port=0)


def _not_opened():
    raise AssertionError("nothing is opened before it is known that it can be served")


def test_own_names():
    loopback, everywhere, one = own_names("127.0.0.1", 7860), own_names("0.0.0.0", 80), own_names("desk.example", 1)
    assert all(map(loopback, ("127.0.0.1:7860", "localhost:7860", "[::1]:7860")))
    assert not any(map(loopback, ("192.168.1.5:7860", "127.0.0.2:7860", "::1:7860", "[127.0.0.1]:7860", "localhost")))
    assert all(map(everywhere, ("192.168.1.5", "[fe80::1]:80", "localhost", socket.gethostname().lower())))
    assert not any(map(everywhere, ("evil.example", "192.168.1.5:81", "192.168.1", "[evil]", "", "a b", "2130706433")))
    assert one("desk.example:1") and not one("desk.example") and not one("192.168.1.5:1")


def test_a_taken_port_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BylineError, match=rf"port {port} is taken.*make chat PORT="):
            serve(_not_opened, port=port)


def test_it_says_where_it_is_once_it_answers_and_calls_nobody(tmp_path):
    # Whatever would look an address up or connect to one says so, and fails the test below.
    program = (
        "import sys\n"
        "calls = ('socket.connect', 'socket.getaddrinfo', 'socket.gethostbyname', 'socket.sendto')\n"
        "sys.addaudithook(lambda event, given: event in calls and print(event, given[1:], file=sys.stderr))\n"
        "from types import SimpleNamespace as S\n"
        "from pathlib import Path\n"
        "from ui.desk import Desk\n"
        "from ui.server import serve\n"
        "library = S(coverage=lambda: (0, None), folder=Path(sys.argv[1]))\n"
        "serve(lambda: Desk.of(S(library=library, prepare=int)), port=0)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    try:
        said = child.stdout.readline()
        port = int(re.fullmatch(r"Byline is at http://127\.0\.0\.1:(\d+)\n", said)[1])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/passage")
        assert json.loads(connection.getresponse().read())["state"] == "unknown"
        child.send_signal(2)
        _, errors = child.communicate(timeout=20)
    finally:
        child.kill()
    assert child.returncode == 0 and errors == ""
    assert list(tmp_path.iterdir()) == []  # its private folder went with it


def test_closed_tabs_free_what_they_held(served):
    """THREATS 37: a thousand tabs that are opened and closed, some of them in the middle of a question."""
    threads = threading.active_count()
    state = served._server.server_state
    [submit, *_] = [
        call for call in json.loads(send(served, "/config")[2])["dependencies"]
        if any(target[1] == "submit" for target in call["targets"]) and call["backend_fn"]
    ]  # fmt: skip
    data = ["Is it closed?", None, *[""] * (len(submit["inputs"]) - 2)]
    for number in range(1_000):
        path = "heartbeat/" if number % 2 else "queue/data?session_hash="
        if number % 50 == 0:
            call = json.dumps({"data": data, "fn_index": submit["id"], "session_hash": f"tab{number}"}).encode()
            own = [("Content-Type", "application/json")]
            assert send(served, "/gradio_api/queue/join", method="POST", headers=own, body=call)[0] == 200
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as tab:
            tab.sendall(f"GET /gradio_api/{path}tab{number} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode())
    until = time.monotonic() + 30
    while (state.connections or state.tasks) and time.monotonic() < until:
        time.sleep(0.1)
    assert not state.connections and not state.tasks
    assert threading.active_count() <= threads + 60  # the pools' own, which are bounded
    status, answered = call_every_function(served, "Is it closed?")
    assert set(status) == {200} and b"process_completed" in answered


# ---- Speed ---------------------------------------------------------------------------------------


def test_no_answer_waits_for_the_one_before_to_be_acknowledged():
    """asyncio sets TCP_NODELAY only on sockets that are known to be TCP."""
    with _listen("127.0.0.1", 0, None) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_scripts_are_packed_once_and_stay_the_same(served):
    config = send(served, "/")[2].decode()
    path = re.search(r'src="\.?(/assets/index-[\w-]+\.js)"', config)[1]
    packed = [send(served, path, headers=[("Accept-Encoding", "br")]) for _ in range(2)]
    plain = [send(served, path) for _ in range(2)]
    for first, again in (packed, plain):
        assert first[0] == again[0] == 200 and first[2] == again[2]
        assert "immutable" in first[1]["cache-control"] and "immutable" in again[1]["cache-control"]
    assert len(packed[1][2]) < len(plain[1][2]) / 2 and packed[1][1]["content-encoding"] == "br"
    part = send(served, path, headers=[("Range", "bytes=0-9")])
    assert part[0] == 206 and part[2] == plain[0][2][:10]
    for _ in range(2):
        assert send(served, "/assets/none.js")[0] == 404
