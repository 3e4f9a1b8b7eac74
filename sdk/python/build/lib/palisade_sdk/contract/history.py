# Written by tools/contract.py from the WIT.
"""What happened before."""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union

from . import alerts


@dataclass
class Query:
    """Which alerts."""

    label: str
    """Their label."""
    field: str
    """A CEF field that names who or what they are about: one of `sourceAddress`, `sourceHostName`, `sourceUserName`,
    `sourceUserId`, `destinationAddress`, `destinationDnsDomain`, `destinationHostName`, `destinationUserName`,
    `destinationUserId`, `deviceExternalId`, `deviceHostname`.
    """
    value: str
    """The value of that field in one of their artifacts, whatever its case."""
    since: int
    """Received at this time or later, in milliseconds since 1970."""
    severity: alerts.Severity
    """How bad they are at least."""


def count(query: Query) -> int:
    """How many alerts there were before that of this run. Of very many about the value, the newest 1000 are looked at.

    Raises `Err` of str.
    """
    raise NotImplementedError


if sys.platform == "wasi":
    from wit_world.imports.history import *  # type: ignore
