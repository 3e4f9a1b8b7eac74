# Written by tools/contract.py from the WIT.
"""What a connector keeps for its later calls on the same asset: the token of a session, a cursor.

The host keeps it in memory, and may forget it at any time: after a restart, when the asset changes, when there is too
much of it. A connector must work without it.
"""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union


def get(key: str) -> str | None:
    """The value kept under this key, if it is still there."""
    raise NotImplementedError


def put(key: str, value: str, time_to_live_ms: int, confidential: bool) -> None:
    """Keeps a value under this key for at most so many milliseconds, in place of the one before. What is confidential is
    scrubbed from everything that the connector logs or returns from now on, as the asset's own secrets are.

    Raises `Err` of str.
    """
    raise NotImplementedError


def remove(key: str) -> None:
    """Forgets the value of this key."""
    raise NotImplementedError


if sys.platform == "wasi":
    from wit_world.imports.state import *  # type: ignore
