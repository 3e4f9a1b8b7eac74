# Written by tools/contract.py from the WIT.
"""Custom lists: an access list, people who need care, repeat offenders. The operator keeps them, and playbooks may add."""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union


@dataclass
class Entry:
    """An entry of a list."""

    value: str
    """A text, an address, a network (`10.0.0.0/8`), or the names below one (`*.example.com`)."""
    note: str
    """Why it is there."""
    by: str
    """Who put it there."""


def find(list: str, value: str) -> Entry | None:
    """The entry that a value falls under: itself, whatever its case, or the smallest network or the longest name that
    contains it. Nothing if there is none.

    An error if the playbook does not declare the list, or if there is no such list: that is not the same as an empty
    one.

    Raises `Err` of str.
    """
    raise NotImplementedError


def add(list: str, value: str, note: str) -> None:
    """Adds an entry, or replaces its note. An error as for `find`, or if the playbook does not declare that it adds.

    Raises `Err` of str.
    """
    raise NotImplementedError


if sys.platform == "wasi":
    from wit_world.imports.lists import *  # type: ignore
