"""HTTP as the host does it: one whole request, one whole response, under the operator's policy."""

from __future__ import annotations

import json as _json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import quote

from . import clock
from .contract import Err, http
from .failure import Authentication, Denied, InvalidParameters, NotFound, RateLimited, Unavailable, Upstream
from .retry_after import retry_after
from .schema import Secret
from .time import milliseconds
from .values import Misfit, read, write

T = TypeVar("T")

Text = str | Secret
"""A text, or a secret: the host puts it in place of its placeholder where the connector declares it."""

_WORDS_CHARS_MAX = 300
"""How much of a system's own words a failure keeps, in characters: enough for a sentence, not for a page."""


def url(base: str, *segments: str) -> str:
    """A URL with these segments at the end of its path, percent-encoded. Raises `InvalidParameters` for a segment that
    would walk the path: `.`, `..` or none.
    """
    for segment in segments:
        # `.` and `..` would still walk the path after encoding.
        if segment in ("", ".", ".."):
            raise InvalidParameters(f"`{segment}` cannot be a part of a path")
    # A segment may have a colon (RFC 3986 section 3.3), as IPv6 addresses do.
    return "/".join([base.rstrip("/"), *(quote(segment, safe=":") for segment in segments)])


class Client:
    """Sends requests."""

    def get(self, url: str, **more: Any) -> Response:
        """`request` with the method `GET`."""
        return self.request("GET", url, **more)

    def post(self, url: str, **more: Any) -> Response:
        """`request` with the method `POST`."""
        return self.request("POST", url, **more)

    def put(self, url: str, **more: Any) -> Response:
        """`request` with the method `PUT`."""
        return self.request("PUT", url, **more)

    def patch(self, url: str, **more: Any) -> Response:
        """`request` with the method `PATCH`."""
        return self.request("PATCH", url, **more)

    def delete(self, url: str, **more: Any) -> Response:
        """`request` with the method `DELETE`."""
        return self.request("DELETE", url, **more)

    def request(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, Text | int] | None = None,
        headers: Mapping[str, Text] | None = None,
        basic: tuple[str, Text] | None = None,
        bearer: Text | None = None,
        json: Any = None,
        form: Mapping[str, Text | int] | None = None,
        body: bytes = b"",
        timeout: timedelta | None = None,
    ) -> Response:
        """Sends one request to this absolute URL and waits for its response, whatever its status.

        `query` is percent-encoded. `basic` is a user and a password (RFC 7617), `bearer` a token (RFC 6750). Of `json`, `form`
        and `body` one is the body; the first two bring their content type. `timeout` says until when the whole response must
        be here; the host caps it.

        Raises `Denied` when the policy forbids it, `Unavailable` when there is no response (in time, or from a server that
        proves to be the right one), `Upstream` when the response is too large, and `InvalidParameters` when this is no valid
        request.
        """
        fields = [(name, _text(value)) for name, value in (headers or {}).items()]
        if query:
            url += ("&" if "?" in url else "?") + _pairs(query)
        if json is not None:
            body, content_type = _json.dumps(write(json), ensure_ascii=False, separators=(",", ":")).encode(), "application/json"
            fields.append(("content-type", content_type))
        elif form is not None:
            body = _pairs(form).encode()
            fields.append(("content-type", "application/x-www-form-urlencoded"))
        authorization: http.Authorization | None = None
        if basic:
            authorization = http.Authorization_Basic((basic[0], _text(basic[1])))
        elif bearer:
            authorization = http.Authorization_Bearer(_text(bearer))
        timeout_ms = None if timeout is None else milliseconds(timeout)
        try:
            response = http.send(http.Request(method, url, fields, authorization, body, timeout_ms))
        except Err as error:
            raise _failure(error.value) from None
        return Response(response.status, response.headers, response.body)


class Response:
    """One response, whatever its status."""

    status: int
    """HTTP status."""
    headers: list[tuple[str, str]]
    """Header fields, names in lower case."""
    body: bytes
    """The whole body."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def header(self, name: str) -> str | None:
        """The first header field of this name, in lower case."""
        return next((value for field, value in self.headers if field == name), None)

    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 are replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self, shape: type[T] = Any) -> T:  # type: ignore[assignment]
        """The body as JSON, of this type if one is given. Raises `Upstream` when it is not."""
        try:
            return read(shape, _json.loads(self.body))
        except (Misfit, ValueError) as error:
            raise Upstream(f"the answer is not the JSON it should be: {error}", self.status) from None

    def ok(self, words: Callable[[Response], str | None] = lambda _: None) -> Response:
        """This response, if its status is a success. `words` finds the system's own words in the body of an error; else the
        beginning of the body is the failure's message, if it is text.

        Raises `Authentication` for 401 and 403, `NotFound` for 404, `RateLimited` for 429, and `Upstream` for any other
        status below 200 or above 299.
        """
        if 200 <= self.status < 300:
            return self
        message = _shorten(words(self) or self._plain_words())
        if self.status in (401, 403):
            raise Authentication(message)
        if self.status == 404:
            raise NotFound(message)
        if self.status == 429:
            field = self.header("retry-after")
            raise RateLimited(message, None if field is None else retry_after(field, clock.now_ms))
        raise Upstream(message, self.status)

    def _plain_words(self) -> str:
        """The body, unless it is a page for a browser or empty."""
        text = self.text().strip()
        return "no reason given" if not text or text.startswith("<") else text


def _text(value: Text | int) -> str:
    return value.text if isinstance(value, Secret) else str(value)


def _pairs(fields: Mapping[str, Text | int]) -> str:
    pairs: Iterable[str] = (f"{quote(name, safe='')}={quote(_text(value), safe='')}" for name, value in fields.items())
    return "&".join(pairs)


def _shorten(words: str) -> str:
    """One line of at most so many characters."""
    line = " ".join(words.split())
    return line if len(line) <= _WORDS_CHARS_MAX else f"{line[:_WORDS_CHARS_MAX]}…"


def _failure(error: http.Error) -> Denied | InvalidParameters | Unavailable | Upstream:
    if isinstance(error, http.Error_Denied):
        return Denied(error.value)
    if isinstance(error, http.Error_Invalid):
        return InvalidParameters(error.value)
    if isinstance(error, http.Error_TooLarge):
        return Upstream(error.value)
    assert isinstance(error, (http.Error_Unreachable, http.Error_Tls, http.Error_Timeout))
    return Unavailable(error.value)
