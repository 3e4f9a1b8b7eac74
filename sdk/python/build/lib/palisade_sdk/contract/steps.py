# Written by tools/contract.py from the WIT.
"""What a run has started and can wait for: actions, prompts, other playbooks.

A start returns at once, so any number may run side by side. The order of a playbook's calls is the program's own
order in every language, and every call is recorded; that is what makes an exact replay possible. While a playbook
waits for long, its instance may be dropped: a fresh one is then led to the same place by the record.
"""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union

from . import types


StepId = int
"""A step of this run. Later steps have larger numbers; they need not follow without a gap."""


def wait(id: StepId) -> types.Report:
    """Waits until the step has ended. Waiting again returns the same.

    A prompt that was answered reports `{"answer": …, "by": …}`; `by` is null if nobody answered in time. A
    playbook reports its conclusion as message, and `{"run": …}`.

    Raises `Err` of types.Failure.
    """
    raise NotImplementedError


def wait_any(ids: list[StepId]) -> StepId:
    """Waits until one of these has ended and tells which: the first to end, once one has. Traps on an empty list."""
    raise NotImplementedError


def wait_until(ids: list[StepId], deadline: int) -> StepId | None:
    """Like `wait-any`, but gives up at this time (milliseconds since 1970) and then returns nothing. With an empty list
    it is a timer.
    """
    raise NotImplementedError


if sys.platform == "wasi":
    from wit_world.imports.steps import *  # type: ignore
