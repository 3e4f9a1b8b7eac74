# Written by tools/contract.py from the WIT.
"""Lines for the run's log. The host scrubs secrets from them and bounds their number and length."""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union


class Level(Enum):
    """How much a line matters."""

    DEBUG = 0
    """Of use only to the plugin's author."""
    INFO = 1
    """Worth reading afterwards."""
    WARN = 2
    """Unexpected, and handled."""
    ERROR = 3
    """Unexpected, and not handled."""


def write(level: Level, message: str) -> None:
    """Writes one line."""
    raise NotImplementedError


if sys.platform == "wasi":
    from wit_world.imports.log import *  # type: ignore
