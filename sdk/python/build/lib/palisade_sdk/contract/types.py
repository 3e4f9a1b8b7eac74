# Written by tools/contract.py from the WIT.
"""Vocabulary shared by both worlds.

Structured values cross the boundary as JSON text, because their shape belongs to the plugin: it is
declared with JSON Schema in `describe`, and the host checks every value against that schema.
"""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union


Json = str
"""One JSON value (RFC 8259) as UTF-8 text."""


JsonSchema = str
"""A schema in JSON Schema 2020-12, as JSON text. It is self-contained: the host refuses `$ref`."""


@dataclass
class Identity:
    """Who wrote what, for people and for the lock file."""

    name: str
    """Name under which the plugin is installed: lower-case letters, digits and `-`, at most 64 bytes."""
    version: str
    """Version of the plugin itself (semver)."""
    description: str
    """One sentence on what it is for."""
    publisher: str
    """Who publishes the plugin."""


@dataclass
class Report:
    """What an action did, in the words of the field."""

    status: Status
    """Whether the action achieved what its name says."""
    message: str
    """One sentence for a person."""
    summary: Json
    """The few facts that decide: a JSON object."""
    data: Json
    """Everything found: JSON that satisfies the action's output schema."""


class Status(Enum):
    """Verdict of an action that ran to its end."""

    SUCCESS = 0
    """It did what its name says."""
    FAILED = 1
    """The system answered, and the answer is no."""


@dataclass
class Failure_InvalidParameters:
    """The parameters cannot be used; says which and why. Never retried."""

    value: str


@dataclass
class Failure_Authentication:
    """The system refused the credentials or the permission. Never retried."""

    value: str


@dataclass
class Failure_NotFound:
    """What was asked for does not exist there. Never retried."""

    value: str


@dataclass
class Failure_RateLimited:
    """Too many calls."""

    value: RateLimit


@dataclass
class Failure_Upstream:
    """The system answered with something that is an error or makes no sense."""

    value: UpstreamError


@dataclass
class Failure_Unavailable:
    """The system could not be reached, or did not answer in time."""

    value: str


@dataclass
class Failure_Denied:
    """The host's policy forbids it; says which rule. Never retried."""

    value: str


@dataclass
class Failure_Cancelled:
    """A person ended it, or gave it up. Told by the host; a connector has no use for it. Never retried."""

    value: str


Failure = Union[Failure_InvalidParameters, Failure_Authentication, Failure_NotFound, Failure_RateLimited, Failure_Upstream, Failure_Unavailable, Failure_Denied, Failure_Cancelled]
"""Why an action could not run to its end. The host decides about retries from the case."""


@dataclass
class RateLimit:
    """A system's word that there were too many calls."""

    retry_after_ms: int | None
    """Milliseconds to wait before the next call, if the system said."""
    message: str
    """The system's own words."""


@dataclass
class UpstreamError:
    """An error answer of the system."""

    http_status: int | None
    """HTTP status, where there was one."""
    message: str
    """The system's own words, shortened."""


if sys.platform == "wasi":
    from wit_world.imports.types import *  # type: ignore
