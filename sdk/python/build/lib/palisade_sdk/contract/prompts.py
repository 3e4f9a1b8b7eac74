# Written by tools/contract.py from the WIT.
"""Questions to people."""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union

from . import steps, types


@dataclass
class Prompt:
    """A question."""

    to: str | None
    """The person or role that is asked; without it, whoever looks first."""
    question: str
    """The question, in words that can be answered without looking anything up."""
    answer: Answer
    """What counts as an answer."""
    time_limit_ms: int
    """Milliseconds until the default stands; the host caps it at 30 days."""
    default: types.Json
    """What stands when nobody answered in time: JSON that counts as an answer."""


@dataclass
class Answer_Choice:
    """One of these: a JSON string."""

    value: list[str]


@dataclass
class Answer_Text:
    """Anything: a JSON string."""


@dataclass
class Answer_Number:
    """A whole number, both ends included: a JSON number."""

    value: tuple[int, int]


Answer = Union[Answer_Choice, Answer_Text, Answer_Number]
"""What counts as an answer."""


def ask(prompt: Prompt) -> steps.StepId:
    """Asks. What is wrong with the prompt is told by `wait`."""
    raise NotImplementedError


if sys.platform == "wasi":
    from wit_world.imports.prompts import *  # type: ignore
