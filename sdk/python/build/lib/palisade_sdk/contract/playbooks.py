# Written by tools/contract.py from the WIT.
"""Other playbooks, on the same alert."""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union

from . import steps


def start(name: str) -> steps.StepId:
    """Starts a playbook on the alert of this run, in a run of its own. What is wrong with it is told by `wait`."""
    raise NotImplementedError


if sys.platform == "wasi":
    from wit_world.imports.playbooks import *  # type: ignore
