"""The access token: off this machine, whoever has it is the owner, and nobody else is anybody."""

import hashlib
import hmac
import os
import secrets
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from corpus.types import BylineError

VARIABLE = "BYLINE_TOKEN"
SHORTEST = 20  # characters of a token: what `secrets` makes has 43
REMEMBERED = 30 * 24 * 3600  # seconds that a browser stays logged in
LOGIN = (Path(__file__).parent / "page" / "login.html").read_text("utf-8")


class Owner:
    """Knows the owner by the token, in a cookie that is derived from it or as `Authorization: Bearer`."""

    def __init__(self, token: str, port: int):
        self._token = token.encode()
        # The cookie is not the token, which therefore lies in no browser's files.
        self._cookie = hmac.new(self._token, b"byline cookie", hashlib.sha256).hexdigest()
        self._name = f"byline-{port}"  # cookies are shared between the ports of a host

    def admits(self, headers: list[tuple[bytes, bytes]]) -> bool:
        """Whether a request with these headers is the owner's. Compared in constant time."""
        for name, value in headers:
            if name == b"authorization" and value[:7].lower() == b"bearer ":
                return self.is_token(value[7:].strip())
        cookies = b"; ".join(value for name, value in headers if name == b"cookie")
        try:
            found = SimpleCookie(cookies.decode("latin-1")).get(self._name)
        except CookieError:
            return False
        return found is not None and hmac.compare_digest(found.value.encode(), self._cookie.encode())

    def is_token(self, given: bytes) -> bool:
        """Whether this is the token. Compared in constant time."""
        return hmac.compare_digest(given, self._token)

    def router(self) -> APIRouter:
        """`/login`: the form, and what takes it."""
        routes = APIRouter()

        @routes.get("/login")
        def form() -> HTMLResponse:
            return HTMLResponse(LOGIN)

        @routes.post("/login")
        async def login(request: Request) -> Response:
            given = parse_qs(await request.body()).get(b"token", [b""])[0]
            if not self.is_token(given.strip()):
                return HTMLResponse(LOGIN.replace("<!--wrong-->", "This is not the token."), 403)
            reply = RedirectResponse("/", 303)
            reply.set_cookie(
                self._name, self._cookie, max_age=REMEMBERED, path="/", httponly=True, samesite="strict"
            )
            return reply

        return routes


def token(file: Path | None) -> str | None:
    """The token in a file (made there if there is none), else that of $BYLINE_TOKEN, else None.

    Raises BylineError for one that others can read, or that could be guessed.
    """
    if file is None:
        given = os.environ.get(VARIABLE)
        return None if given is None else _checked(given.strip(), f"${VARIABLE}")
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    except OSError as error:
        raise BylineError(f"{file}: the token cannot be written there: {error.strerror}") from error
    else:
        with open(descriptor, "w") as made:
            made.write(secrets.token_urlsafe(32) + "\n")
    try:
        with open(file) as handle:
            if os.fstat(handle.fileno()).st_mode & 0o077:
                raise BylineError(f"{file}: others on this machine can read this token: chmod 600 {file}")
            return _checked(handle.read().strip(), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise BylineError(f"{file}: the token cannot be read: {error}") from error


def _checked(given: str, where: str) -> str:
    if len(given) < SHORTEST or not given.isascii() or not given.isprintable() or " " in given:
        raise BylineError(
            f"{where}: a token has at least {SHORTEST} ASCII characters and no spaces. Name a file that is not "
            "there with --token-file, and a good one is made in it"
        )
    return given
