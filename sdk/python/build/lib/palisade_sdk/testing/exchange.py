"""What a connector must send next, and what it gets back."""

from __future__ import annotations

import json
from typing import Any

from ..contract import Err, http, tcp
from ..values import write


class Exchange:
    """One HTTP request that the connector must send next, and what it gets back.

    Method, URL, authorization and body must be exactly as said; of the header fields only those that are said. Unless told
    otherwise the request has no body, and is answered by an empty 200.
    """

    def __init__(self, method: str, url: str) -> None:
        self._method, self._url = method, url
        self._headers: list[tuple[str, str]] = []
        self._authorization: http.Authorization | None = None
        self._body: bytes | None = b""
        self._json: Any = None
        self._parts: list[str] = []
        self._answer: http.Response | http.Error = http.Response(200, [], b"")

    @staticmethod
    def get(url: str) -> Exchange:
        """A `GET` of this URL, without a body."""
        return Exchange("GET", url)

    @staticmethod
    def post(url: str) -> Exchange:
        """A `POST` to this URL."""
        return Exchange("POST", url)

    def header(self, name: str, value: str) -> Exchange:
        """It has this header field."""
        self._headers.append((name, value))
        return self

    def basic(self, user: str, password: str) -> Exchange:
        """It has this user and password."""
        self._authorization = http.Authorization_Basic((user, password))
        return self

    def bearer(self, token: str) -> Exchange:
        """It has this Bearer token."""
        self._authorization = http.Authorization_Bearer(token)
        return self

    def body(self, body: bytes) -> Exchange:
        """Its body is this."""
        self._body = body
        return self

    def json(self, body: Any) -> Exchange:
        """Its body is this JSON value."""
        self._body, self._json = None, write(body)
        return self

    def body_containing(self, part: str) -> Exchange:
        """Its body has this text somewhere."""
        self._body = None
        self._parts.append(part)
        return self

    def answer_json(self, status: int, body: Any, headers: dict[str, str] | None = None) -> Exchange:
        """It is answered by this JSON value."""
        return self.answer(status, json.dumps(write(body)), {"content-type": "application/json"} | (headers or {}))

    def answer(self, status: int, body: str | bytes = b"", headers: dict[str, str] | None = None) -> Exchange:
        """It is answered by this body."""
        fields = [(name.lower(), value) for name, value in (headers or {}).items()]
        self._answer = http.Response(status, fields, body.encode() if isinstance(body, str) else body)
        return self

    def fails(self, error: http.Error) -> Exchange:
        """It gets no answer, for example `palisade_sdk.contract.http.Error_Timeout("…")`."""
        self._answer = error
        return self

    def __repr__(self) -> str:
        return f"{self._method} {self._url}"

    def meet(self, request: http.Request) -> http.Response:
        """Compares, and answers."""
        asked = f"{request.method} {request.url}"
        assert asked == repr(self), f"the wrong request: {asked}, where the script has {self}"
        assert request.authorization == self._authorization, f"the authorization of {self}: {request.authorization}"
        for name, value in self._headers:
            there = [(field.lower(), text) for field, text in request.headers]
            assert (name.lower(), value) in there, f"{self} lacks {name}: {value}; it has {request.headers}"
        body = request.body.decode("utf-8", "replace")
        if self._body is not None:
            assert request.body == self._body, f"the body of {self}: {body}"
        if self._json is not None:
            assert json.loads(body) == self._json, f"the body of {self}: {body}"
        for part in self._parts:
            assert part in body, f"the body of {self} lacks {part!r}: {body}"
        if isinstance(self._answer, http.Response):
            return self._answer
        raise Err(self._answer)


class Conversation:
    """One TCP stream that the connector must open next, turn by turn: what it must send, and what it then reads. Where the
    server speaks first, nothing is sent in a turn. After the last turn the stream ends.
    """

    def __init__(self, host: str, port: int, sends: bytes = b"", answer: bytes = b"") -> None:
        self.host, self.port = host, port
        self._turns: list[tuple[bytearray, bytearray] | None] = []
        self.then(sends, answer)

    def then(self, sends: bytes, answer: bytes) -> Conversation:
        """The next turn."""
        self._turns.append((bytearray(sends), bytearray(answer)))
        return self

    def then_tls(self) -> Conversation:
        """Then the stream must be turned into TLS."""
        self._turns.append(None)
        return self

    def open(self) -> tcp.TcpStream:
        """The connector's end."""
        return _Script(self._turns)


class _Script(tcp.TcpStream):
    def __init__(self, turns: list[tuple[bytearray, bytearray] | None]) -> None:
        self._turns = turns

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        """Nothing is left open."""

    def write(self, bytes: bytes) -> None:
        self._end_turn()
        turn = self._turns[0] if self._turns else None
        assert turn and turn[0].startswith(bytes), f"the wrong bytes: {bytes!r}, at {turn}"
        del turn[0][: len(bytes)]

    def read(self, max: int) -> bytes:
        turn = self._turns[0] if self._turns else None
        assert turn and not turn[0] and (turn[1] or len(self._turns) == 1), f"a read out of turn, at {turn}"
        found = bytes(turn[1][:max])
        del turn[1][:max]
        return found

    def start_tls(self) -> None:
        self._end_turn()
        assert self._turns and self._turns.pop(0) is None, "TLS that is not in the script"

    def _end_turn(self) -> None:
        """A turn ends when everything of it was sent and read, and something else begins."""
        if self._turns and self._turns[0] is not None and not any(self._turns[0]):
            self._turns.pop(0)
