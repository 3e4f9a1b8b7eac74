# Written by tools/contract.py from the WIT.
"""The alert that started the run, and what the run may do to it."""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union

from . import types


class Severity(Enum):
    """How bad it is."""

    INFORMATIONAL = 0
    """No harm."""
    LOW = 1
    """Can wait."""
    MEDIUM = 2
    """Today."""
    HIGH = 3
    """Now."""
    CRITICAL = 4
    """Drop everything."""


class AlertStatus(Enum):
    """Where the work on it stands."""

    NEW = 0
    """Nobody has looked."""
    OPEN = 1
    """Somebody works on it."""
    CLOSED = 2
    """Done."""


@dataclass
class Alert:
    """The alert."""

    id: int
    """Number of the alert in this installation."""
    name: str
    """Title."""
    label: str
    """What kind it is; decides which playbooks run."""
    source: str
    """Where it came from, for example `splunk`."""
    source_id: str
    """The source's own id for it."""
    severity: Severity
    """How bad it is."""
    status: AlertStatus
    """Where the work stands."""
    owner: str | None
    """Who works on it."""
    description: str
    """Free text."""
    received: int
    """When the host received it, milliseconds since 1970."""
    link: str | None
    """Link back to the source, if it gave one."""


@dataclass
class Artifact:
    """A piece of evidence."""

    id: int
    """Number within the alert, from 1."""
    name: str
    """Title."""
    label: str
    """What kind it is, for example `event`."""
    cef: types.Json
    """Fields by their CEF key, for example `destinationAddress`: a JSON object."""


def get() -> Alert:
    """The alert as it stood when the run began, with this run's own changes."""
    raise NotImplementedError


def artifacts() -> list[Artifact]:
    """Its artifacts, likewise."""
    raise NotImplementedError


def set_severity(severity: Severity) -> None:
    """Says how bad it is."""
    raise NotImplementedError


def set_status(status: AlertStatus) -> None:
    """Says where the work stands."""
    raise NotImplementedError


def set_owner(owner: str | None) -> None:
    """Says who works on it; nothing for nobody."""
    raise NotImplementedError


def add_note(title: str, text: str) -> None:
    """Adds a note: title, and text in Markdown."""
    raise NotImplementedError


def add_artifact(name: str, label: str, cef: types.Json) -> int:
    """Adds an artifact: name, label, CEF fields (a JSON object). Returns its number.

    Raises `Err` of str.
    """
    raise NotImplementedError


def escalate(to: str | None, summary: str) -> None:
    """Hands the alert to a person: it stands in the inbox until somebody takes it, whatever becomes of the run. To a
    person or a role, or to whoever looks first; with one sentence on why.
    """
    raise NotImplementedError


if sys.platform == "wasi":
    from wit_world.imports.alerts import *  # type: ignore
