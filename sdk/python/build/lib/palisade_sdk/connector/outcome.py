"""How a call ended, when it did not fail."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, TypeVar, Union

from ..contract import connector as world
from ..contract import types
from ..report import Status
from ..time import milliseconds
from ..values import write

T = TypeVar("T")


@dataclass
class Done(Generic[T]):
    """What an action did. `T` is everything found; its schema is the action's output schema."""

    status: Status
    """Whether the action achieved what its name says."""
    message: str
    """One sentence for a person."""
    data: T
    """Everything found."""
    summary: dict[str, Any] = field(default_factory=dict)
    """The few facts that decide."""

    @staticmethod
    def success(message: str, data: T, **facts: Any) -> Done[T]:
        """It did what its name says; `message` is one sentence for a person, `facts` are the few that decide."""
        return Done(Status.SUCCESS, message, data, facts)

    @staticmethod
    def failed(message: str, data: T, **facts: Any) -> Done[T]:
        """The system answered, and the answer is no."""
        return Done(Status.FAILED, message, data, facts)

    def to_wire(self) -> types.Report:
        """The report as the contract has it."""
        return types.Report(self.status, self.message, _json(self.summary), _json(self.data))


@dataclass
class Pending:
    """A job of the system that is not finished: come back. Nothing waits meanwhile."""

    after: timedelta
    """Come back after this time; the host enforces a minimum of 100 ms."""
    token: str
    """What the connector needs to recognise the job; handed back as `Call.resume`."""
    message: str
    """How far it is, for a person."""

    def to_wire(self) -> world.Pending:
        """The job as the contract has it."""
        return world.Pending(after_ms=milliseconds(self.after), token=self.token, message=self.message)


@dataclass
class Happened:
    """The call took effect: the report that it would have given."""

    done: Done[Any]


@dataclass
class DidNotHappen:
    """It did not, and no trace of it is under way."""


@dataclass
class Unknown:
    """The system cannot tell; says why."""

    why: str


Verdict = Union[Happened, DidNotHappen, Unknown]
"""Whether a call that nobody heard the end of took effect."""


def outcome_to_wire(outcome: Done[Any] | Pending) -> world.Outcome:
    """The outcome as the contract has it."""
    if isinstance(outcome, Pending):
        return world.Outcome_Pending(outcome.to_wire())
    return world.Outcome_Done(outcome.to_wire())


def verdict_to_wire(verdict: Verdict) -> world.Verdict:
    """The verdict as the contract has it."""
    if isinstance(verdict, Happened):
        return world.Verdict_Happened(verdict.done.to_wire())
    return world.Verdict_Unknown(verdict.why) if isinstance(verdict, Unknown) else world.Verdict_DidNotHappen()


def _json(value: Any) -> str:
    return json.dumps(write(value), ensure_ascii=False, separators=(",", ":"))
