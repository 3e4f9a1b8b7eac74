"""Why an action could not run to its end. The host decides about retries from the class."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .contract import types
from .time import milliseconds


class Failure(Exception):
    """Why an action could not run to its end. Raise one of the classes below this one."""

    message: str
    """What happened, in the system's own words where it has some."""

    _words = "{}"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def sentence(self) -> str:
        """One sentence for a person: what kind of failure, then the words that came with it."""
        return self._words.format(self.message)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash((type(self), self.message))

    def __str__(self) -> str:
        return self.sentence()

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({fields})"


class InvalidParameters(Failure):
    """The parameters, or the asset's configuration, cannot be used; says which and why. Never retried."""

    _words = "the parameters cannot be used: {}"


class Authentication(Failure):
    """The system refused the credentials or the permission. Never retried."""

    _words = "the system refused the credentials: {}"


class NotFound(Failure):
    """What was asked for does not exist there. Never retried."""

    _words = "not found: {}"


class RateLimited(Failure):
    """Too many calls."""

    retry_after: timedelta | None
    """How long to wait before the next call, if the system said."""

    _words = "too many calls: {}"

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Upstream(Failure):
    """The system answered with something that is an error or makes no sense."""

    http_status: int | None
    """HTTP status, where there was one."""

    def __init__(self, message: str, http_status: int | None = None) -> None:
        super().__init__(message)
        self.http_status = http_status

    def sentence(self) -> str:
        if self.http_status is None:
            return f"the system's answer is an error: {self.message}"
        if 200 <= self.http_status < 300:
            return f"the system's answer makes no sense: {self.message}"
        return f"the system answered with status {self.http_status}: {self.message}"


class Unavailable(Failure):
    """The system could not be reached, or did not answer in time."""

    _words = "the system could not be reached: {}"


class Denied(Failure):
    """The host's policy forbids it; says which rule. Never retried."""

    _words = "the policy forbids it: {}"


class Cancelled(Failure):
    """A person ended it, or gave it up. Told by the host; a connector has no use for it. Never retried."""


class Refused(Exception):
    """The host did not do what was asked, for a reason that is no system's: there is no such list, a value is too long."""


_OF_TEXT: list[tuple[type[Failure], Any]] = [
    (InvalidParameters, types.Failure_InvalidParameters),
    (Authentication, types.Failure_Authentication),
    (NotFound, types.Failure_NotFound),
    (Unavailable, types.Failure_Unavailable),
    (Denied, types.Failure_Denied),
    (Cancelled, types.Failure_Cancelled),
]


def to_wire(failure: Failure) -> types.Failure:
    """The failure as the contract has it."""
    if isinstance(failure, RateLimited):
        retry_after_ms = None if failure.retry_after is None else milliseconds(failure.retry_after)
        return types.Failure_RateLimited(types.RateLimit(retry_after_ms, failure.message))
    for ours, theirs in _OF_TEXT:
        if isinstance(failure, ours):
            told: types.Failure = theirs(failure.message)
            return told
    http_status = failure.http_status if isinstance(failure, Upstream) else None
    return types.Failure_Upstream(types.UpstreamError(http_status, failure.message))


def from_wire(failure: types.Failure) -> Failure:
    """The failure that the host tells a playbook."""
    if isinstance(failure, types.Failure_RateLimited):
        after = failure.value.retry_after_ms
        return RateLimited(failure.value.message, None if after is None else timedelta(milliseconds=after))
    if isinstance(failure, types.Failure_Upstream):
        return Upstream(failure.value.message, failure.value.http_status)
    return next(ours for ours, theirs in _OF_TEXT if isinstance(failure, theirs))(failure.value)
