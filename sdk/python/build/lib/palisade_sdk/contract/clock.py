# Written by tools/contract.py from the WIT.
"""Time as the host gives it. For a playbook it is recorded, so that a replay sees the same time."""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union


def now() -> int:
    """Milliseconds since 1970-01-01T00:00:00Z."""
    raise NotImplementedError


if sys.platform == "wasi":
    from wit_world.imports.clock import *  # type: ignore
