"""What a playbook is, which alerts start it, and which actions and other playbooks it may start."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from ..contract import Err, playbook_descriptor, types
from ..failure import Failure, Refused
from ..schema import schema_of
from .run import Run
from .step import Need

Handler = Callable[[Run], str]
"""Handles the alert. Returns one sentence on how it ended."""

_NO_CONFIGURATION = {"type": "object", "properties": {}, "additionalProperties": False}


class RunFailed(Exception):
    """Why the alert could not be handled, in one sentence. Raised by a playbook, it ends the run."""


class Playbook:
    """A playbook; its decorator `handle` marks the function that handles an alert.

    The name has lower-case letters, digits and `-`; the version is semantic. `about` is one sentence on what it is for. Alerts
    with one of the `labels` start it. It can start no actions but its `needs`, no playbooks but those that it `starts`, and
    use no custom lists but those that it `looks_into` or `adds_to`. `configuration` is a dataclass of what the operator may
    configure: a playbook runs before anybody has configured it, so each field needs a default. `manual_minutes` are those that
    the same work takes an analyst by hand.
    """

    def __init__(
        self,
        name: str,
        version: str,
        *,
        about: str,
        publisher: str,
        labels: Iterable[str] = (),
        needs: Iterable[Need] = (),
        starts: Iterable[str] = (),
        configuration: type | None = None,
        looks_into: Iterable[str] = (),
        adds_to: Iterable[str] = (),
        manual_minutes: int = 0,
    ) -> None:
        self._handler: Handler | None = None
        uses = [(name, False) for name in looks_into] + [(name, True) for name in adds_to]
        schema = _NO_CONFIGURATION if configuration is None else schema_of(configuration)
        self._described = playbook_descriptor.Playbook(
            identity=types.Identity(name, version, about, publisher),
            labels=list(labels),
            needs=[need.describe() for need in needs],
            starts=list(starts),
            configuration=json.dumps(schema, ensure_ascii=False, separators=(",", ":")),
            lists=[playbook_descriptor.ListUse(name, adds) for name, adds in uses],
            manual_minutes=manual_minutes,
        )

    def handle(self, handler: Handler) -> Handler:
        """A decorator: this function handles an alert. It returns one sentence on how it ended."""
        self._handler = handler
        return handler

    def describe(self) -> playbook_descriptor.Playbook:
        """The description that the contract asks for."""
        return self._described

    def run(self) -> str:
        """Handles the alert that started this run. Raises `Err` of why it could not be handled, in one sentence: what the
        handler raised as `RunFailed`, or the words of a `Failure` or `Refused` that it let pass.
        """
        if self._handler is None:
            raise TypeError("a playbook has a function below @playbook.handle")
        try:
            return self._handler(Run())
        except (RunFailed, Refused) as why:
            raise Err(str(why)) from None
        except Failure as failure:
            raise Err(failure.sentence()) from None
