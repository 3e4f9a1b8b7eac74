# Written by tools/contract.py from the WIT.
"""A TCP stream as the host does it, under the same policy as `http`."""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union


@dataclass
class Error_Denied:
    """The policy forbids it; names the rule and what would allow it."""

    value: str


@dataclass
class Error_Unreachable:
    """No address, no connection, or the connection broke."""

    value: str


@dataclass
class Error_Tls:
    """The certificate does not prove that this is the server."""

    value: str


@dataclass
class Error_Timeout:
    """Nothing in time."""

    value: str


Error = Union[Error_Denied, Error_Unreachable, Error_Tls, Error_Timeout]
"""Why there is no stream, or no more of it."""


class TcpStream:
    """An open stream; dropped, it is closed."""

    def write(self, bytes: bytes) -> None:
        """Sends all of these bytes.

        Raises `Err` of Error.
        """
        raise NotImplementedError

    def read(self, max: int) -> bytes:
        """Waits for the next bytes: at least one, at most `max`. Empty at the end of the stream.

        Raises `Err` of Error.
        """
        raise NotImplementedError

    def start_tls(self) -> None:
        """Turns the stream into TLS (StartTLS, or TLS from the beginning); the certificate must be for the host.

        Raises `Err` of Error.
        """
        raise NotImplementedError

    def __exit__(self, kind: object, error: object, traceback: object) -> bool | None:
        """Drops it."""
        raise NotImplementedError


def connect(host: str, port: int) -> TcpStream:
    """Opens a stream.

    Raises `Err` of Error.
    """
    raise NotImplementedError


if sys.platform == "wasi":
    from wit_world.imports.tcp import *  # type: ignore
