# Written by tools/contract.py from the WIT.
"""HTTP as the host does it: one whole request, one whole response, under the operator's policy.

The host resolves and checks the address, verifies TLS, follows redirects within the policy for safe methods,
bounds size and time, and replaces a secret's placeholder by the secret. A placeholder is the value that the
configuration has for that secret; it is made only of letters, digits, `-`, `.`, `_` and `~`, so every
encoder leaves it alone.
"""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union


@dataclass
class Request:
    """One request."""

    method: str
    """HTTP method, upper case."""
    url: str
    """Absolute URL, `https://` or `http://`."""
    headers: list[tuple[str, str]]
    """Header fields. `host`, `connection`, `content-length` and `transfer-encoding` are the host's business."""
    authorization: Authorization | None
    """Credentials for the `Authorization` header."""
    body: bytes
    """The body; empty for none."""
    timeout_ms: int | None
    """Milliseconds until the whole response must be here; the host caps it."""


@dataclass
class Authorization_Basic:
    """HTTP Basic (RFC 7617): user, password."""

    value: tuple[str, str]


@dataclass
class Authorization_Bearer:
    """Bearer token (RFC 6750)."""

    value: str


Authorization = Union[Authorization_Basic, Authorization_Bearer]
"""Credentials for the `Authorization` header. The secret parts may be placeholders."""


@dataclass
class Response:
    """One response, whatever its status."""

    status: int
    """HTTP status."""
    headers: list[tuple[str, str]]
    """Header fields, names in lower case."""
    body: bytes
    """The whole body."""


@dataclass
class Error_Denied:
    """The policy forbids it; names the rule and what would allow it."""

    value: str


@dataclass
class Error_Invalid:
    """The request is not one."""

    value: str


@dataclass
class Error_Unreachable:
    """No address, no connection, or the connection ended early."""

    value: str


@dataclass
class Error_Tls:
    """The certificate does not prove that this is the server."""

    value: str


@dataclass
class Error_Timeout:
    """Not all of it was there in time."""

    value: str


@dataclass
class Error_TooLarge:
    """The response is larger than the limit."""

    value: str


Error = Union[Error_Denied, Error_Invalid, Error_Unreachable, Error_Tls, Error_Timeout, Error_TooLarge]
"""Why there is no response."""


def send(request: Request) -> Response:
    """Sends one request and waits for its response.

    Raises `Err` of Error.
    """
    raise NotImplementedError


if sys.platform == "wasi":
    from wit_world.imports.http import *  # type: ignore
