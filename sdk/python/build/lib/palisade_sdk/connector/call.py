"""What a handler is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar

from ..contract import Err, files, state
from ..failure import Denied, Refused, Unavailable
from ..http import Client as HttpClient
from ..tcp import Client as TcpClient
from ..time import milliseconds

C = TypeVar("C")


class State:
    """What a connector keeps for its later calls on the same asset: the token of a session, a cursor.

    The host keeps it in memory and may forget it at any time; a connector must work without it. Calls of the same asset run
    beside each other: each `get` and each `put` happens at once, but another call may come in between.
    """

    def get(self, key: str) -> str | None:
        """The value kept under this key, if it is still there."""
        return state.get(key)

    def put(self, key: str, value: str, time_to_live: timedelta, *, confidential: bool = False) -> None:
        """Keeps a value for at most this time, and 24 h, in place of the one before. What is confidential, such as a token,
        the host scrubs from everything that calls of the asset log or return from now on.

        Raises `Refused` when it is too long, when there is too much, and when what is confidential has less than 6 bytes.
        """
        try:
            state.put(key, value, milliseconds(time_to_live), confidential)
        except Err as error:
            raise Refused(error.value) from None

    def remove(self, key: str) -> None:
        """Forgets the value of this key."""
        state.remove(key)


@dataclass
class File:
    """A file that the operator has given to the asset. It is opened at the first use in a call, and stays the same file
    until the call ends, also when another takes its name meanwhile.
    """

    field: str
    """The configuration field that names it."""

    def size(self) -> int:
        """Its bytes. Raises `Denied` when the connector does not declare it or the asset names none, `Unavailable` when it
        cannot be read.
        """
        try:
            return files.size(self.field)
        except Err as error:
            raise _failure(error.value) from None

    def read(self, offset: int, length: int) -> bytes:
        """Reads from this place on: at most 1 MiB, and fewer bytes than `length` beyond that only at the end of the file.
        Raises as `size`.
        """
        try:
            return files.read(self.field, offset, length)
        except Err as error:
            raise _failure(error.value) from None


@dataclass
class Call(Generic[C]):
    """One call of one action. `C` is the asset's configuration."""

    configuration: C
    """The asset's configuration."""
    idempotency_key: str
    """The same for every attempt at the same step of the same run, and for no other."""
    attempt: int = 1
    """1 for the first attempt."""
    resume: str | None = None
    """The token of the `Pending` that this call comes back for."""
    cancelled: bool = False
    """The run was cancelled while the job of `resume` was pending. Stop the job if the system can, and say how it stands;
    nobody comes back for it.
    """
    http: HttpClient = field(default_factory=HttpClient)
    """HTTP under the operator's policy."""
    tcp: TcpClient = field(default_factory=TcpClient)
    """TCP under the operator's policy."""
    state: State = field(default_factory=State)
    """What earlier calls on the same asset have kept."""

    def file(self, field: str) -> File:
        """The file that this configuration field names; the connector declares it as one that it reads."""
        return File(field)


def _failure(error: files.Error) -> Denied | Unavailable:
    if isinstance(error, files.Error_Denied):
        return Denied(error.value)
    assert isinstance(error, files.Error_Unreadable)
    return Unavailable(error.value)
