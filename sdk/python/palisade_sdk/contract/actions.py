# Written by tools/contract.py from the WIT.
"""Actions on the team's systems."""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union

from . import steps, types


@dataclass
class Request:
    """What to start."""

    connector: str
    """Name of the connector."""
    action: str
    """Name of the action."""
    asset: str | None
    """The asset to act on; without it, the connector's default asset."""
    parameters: types.Json
    """JSON object that satisfies the action's parameter schema."""
    undo_after_ms: int | None
    """Milliseconds after which the host takes the action back, counted from its success. Only for an action that
    declares its undo.
    """


def start(request: Request) -> steps.StepId:
    """Starts an action. What is wrong with it is told by `wait`."""
    raise NotImplementedError


if sys.platform == "wasi":
    from wit_world.imports.actions import *  # type: ignore
