# Written by tools/contract.py from the WIT.
"""A connector: acts on one kind of system."""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union

from . import connector_descriptor, types


@dataclass
class Invocation:
    """One call of one action."""

    action: str
    """Name of the action, as in the description."""
    parameters: types.Json
    """JSON object that satisfies the action's parameter schema."""
    configuration: types.Json
    """The asset's configuration, a JSON object. A secret's value is its placeholder, unless it was granted as
    `reveal`.
    """
    idempotency_key: str
    """The same for every attempt at the same step of the same run, and for no other."""
    attempt: int
    """1 for the first attempt."""
    resume: str | None
    """The token of the `pending` that this call comes back for."""
    cancelled: bool
    """The run was cancelled while the job of `resume` was pending. Stop the job if the system can, and say how it
    stands; nobody comes back for it.
    """


@dataclass
class Outcome_Done:
    """The action ran to its end."""

    value: types.Report


@dataclass
class Outcome_Pending:
    """The system works on it: come back. Nothing waits meanwhile."""

    value: Pending


Outcome = Union[Outcome_Done, Outcome_Pending]
"""How a call ended."""


@dataclass
class Pending:
    """A job of the system that is not finished."""

    after_ms: int
    """Come back after this many milliseconds; the host enforces a minimum of 100."""
    token: str
    """What the connector needs to recognise the job; handed back as `resume`."""
    message: str
    """How far it is, for a person."""


@dataclass
class Verdict_Happened:
    """It did: the report that the call would have given."""

    value: types.Report


@dataclass
class Verdict_DidNotHappen:
    """It did not, and no trace of it is under way."""


@dataclass
class Verdict_Unknown:
    """The system cannot tell; says why."""

    value: str


Verdict = Union[Verdict_Happened, Verdict_DidNotHappen, Verdict_Unknown]
"""Whether a call that nobody heard the end of took effect."""


if sys.platform == "wasi":
    from wit_world import *  # type: ignore
