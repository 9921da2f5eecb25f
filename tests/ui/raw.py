"""Requests as they are sent, so that nothing is corrected on the way."""

import http.client
import json
from urllib.parse import quote


def send(served, path, *, method="GET", hosts=None, headers=(), body=b"", length=None):
    """One raw request: (status, headers, body)."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for host in [f"127.0.0.1:{served.port}"] if hosts is None else hosts:
            connection.putheader("Host", host)
        for name, value in headers:
            connection.putheader(name, value)
        if body or length is not None:
            connection.putheader("Content-Length", str(len(body) if length is None else length))
        connection.endheaders(body or None)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def told(served, path, value=None, *, headers=()):
    """The status and the JSON that a route says; `value` is posted, if there is one."""
    if value is None:
        status, _, body = send(served, path, headers=headers)
    else:
        own = [("Content-Type", "application/json"), ("Origin", served.url), *headers]
        status, _, body = send(served, path, method="POST", headers=own, body=json.dumps(value).encode())
    return status, json.loads(body)


def upload(served, name, body, *, headers=None, **more):
    """Sends a file as the documents page does: the status and what is said."""
    headers = [("Origin", served.url)] if headers is None else headers
    path = f"/documents/file?name={quote(name, safe='')}"
    status, _, said = send(served, path, method="PUT", headers=headers, body=body, **more)
    return status, said
