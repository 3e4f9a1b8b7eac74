"""Questions to people."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ..contract import prompts as wire
from ..failure import Upstream
from ..time import milliseconds
from .step import Step

_TIME_DEFAULT = timedelta(days=1)


@dataclass
class Prompt:
    """A question to a person. Each kind takes the answer that stands when nobody gave one in time."""

    question: str
    """The question, in words that can be answered without looking anything up."""
    answer: wire.Answer
    """What counts as an answer."""
    default: str | int
    """What stands when nobody answered in time."""
    to: str | None = None
    """The person or role that is asked; otherwise whoever looks first."""
    within: timedelta = _TIME_DEFAULT
    """How long it waits for an answer; at most 30 days."""

    @staticmethod
    def choice(
        question: str,
        choices: Iterable[str],
        default: str,
        *,
        to: str | None = None,
        within: timedelta = _TIME_DEFAULT,
    ) -> Prompt:
        """One of these choices is an answer."""
        return Prompt(question, wire.Answer_Choice(list(choices)), default, to, within)

    @staticmethod
    def text(question: str, default: str, *, to: str | None = None, within: timedelta = _TIME_DEFAULT) -> Prompt:
        """Any text is an answer."""
        return Prompt(question, wire.Answer_Text(), default, to, within)

    @staticmethod
    def number(
        question: str,
        least: int,
        most: int,
        default: int,
        *,
        to: str | None = None,
        within: timedelta = _TIME_DEFAULT,
    ) -> Prompt:
        """A whole number of this range, both ends included, is an answer."""
        return Prompt(question, wire.Answer_Number((least, most)), default, to, within)

    def ask(self) -> Asked:
        """Asks; `Run.ask` is the way to say so."""
        prompt = wire.Prompt(
            to=self.to,
            question=self.question,
            answer=self.answer,
            time_limit_ms=milliseconds(self.within),
            default=json.dumps(self.default, ensure_ascii=False),
        )
        return Asked(wire.ask(prompt))


@dataclass(frozen=True)
class Answer:
    """The answer to a prompt."""

    value: Any
    """What was answered: a text, or a number if one was asked for."""
    by: str | None
    """Who answered; none if the default stands because nobody did in time."""


@dataclass(frozen=True)
class Asked(Step):
    """A prompt that waits for its answer, or has it."""

    def wait(self) -> Answer:
        """Waits for the answer, or until the default stands. Waiting again returns the same. Raises the `Failure` that is
        wrong with the prompt, such as a default that is none of its choices.
        """
        data = self._report().data
        if not isinstance(data, dict) or "answer" not in data:
            raise Upstream("the answer cannot be read")
        return Answer(data["answer"], data.get("by"))
