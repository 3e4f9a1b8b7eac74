"""What a run has started and can wait for, and what it may start."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ..contract import Err, actions, playbook_descriptor, playbooks, steps
from ..failure import Upstream, from_wire
from ..report import Report, Status
from ..schema import schema_of
from ..time import milliseconds
from ..values import write


@dataclass(frozen=True)
class Step:
    """Something that the run has started: an action (`Started`), a prompt (`Asked`), another playbook (`Child`)."""

    id: steps.StepId
    """Its number in this run; later steps have larger ones."""

    def _report(self) -> Report:
        try:
            return Report.from_wire(steps.wait(self.id))
        except Err as error:
            raise from_wire(error.value) from None


@dataclass(frozen=True)
class Started(Step):
    """An action that runs, or has ended."""

    def wait(self) -> Report:
        """Waits until the action has ended. Waiting again returns the same. Raises the `Failure` for which the action could
        not run to its end, wrong parameters included.
        """
        return self._report()


@dataclass(frozen=True)
class Child(Step):
    """Another playbook that this run has started on the same alert, in a run of its own."""

    def wait(self) -> Conclusion:
        """Waits until its run has ended. Waiting again returns the same. Raises the `Failure` for which it could not be
        started: no such playbook, not declared as one that it starts, too many runs.
        """
        report = self._report()
        run = report.data.get("run") if isinstance(report.data, dict) else None
        if not isinstance(run, int):
            raise Upstream("the host did not say which run it was")
        return Conclusion(report.status, report.message, run)


@dataclass(frozen=True)
class Conclusion:
    """How the run of another playbook ended."""

    status: Status
    """Whether that playbook came to the end it wanted."""
    message: str
    """Its own sentence on how it ended."""
    run: int
    """Number of its run."""


@dataclass
class Action:
    """An action to start, of the connector's default asset unless another is named."""

    connector: str
    """Name of the connector."""
    action: str
    """Name of the action."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Its parameters."""
    asset: str | None = None
    """The asset to act on, in place of the connector's default one."""
    undo_after: timedelta | None = None
    """Has the host take the action back after this time, counted from its success: a block that is not for good. Only for an
    action that declares its undo.
    """

    def start(self) -> Started:
        """Starts it; `Run.start` is the way to say so."""
        undo_after_ms = None if self.undo_after is None else milliseconds(self.undo_after)
        parameters = json.dumps(write(dict(self.parameters)), ensure_ascii=False, separators=(",", ":"))
        request = actions.Request(
            connector=self.connector,
            action=self.action,
            asset=self.asset,
            parameters=parameters,
            undo_after_ms=undo_after_ms,
        )
        return Started(actions.start(request))


class Need:
    """One action that a playbook starts, and what passes between the two. The host compares it with what the connector
    declares before the playbook is enabled.

    `parameters` is a dataclass of what the playbook sends, `data` a type of what it reads in the report; either may be left
    out, and is then not compared.
    """

    def __init__(self, connector: str, action: str, *, parameters: type | None = None, data: Any = None) -> None:
        self.connector, self._name = connector, action
        self._parameters = None if parameters is None else schema_of(parameters)
        self._data = None if data is None else schema_of(data)

    def action(
        self, parameters: Any = None, /, *, asset: str | None = None, undo_after: timedelta | None = None, **more: Any
    ) -> Action:
        """The action with these parameters: an object of the dataclass that was declared, or one keyword each."""
        written = dict(more) if parameters is None else write(parameters) | more
        return Action(self.connector, self._name, written, asset, undo_after)

    def describe(self) -> playbook_descriptor.Need:
        """The description that the contract asks for."""

        def text(schema: dict[str, Any] | None) -> str | None:
            return None if schema is None else json.dumps(schema, ensure_ascii=False, separators=(",", ":"))

        return playbook_descriptor.Need(
            connector=self.connector, action=self._name, parameters=text(self._parameters), data=text(self._data)
        )


def start_playbook(name: str) -> Child:
    """Starts another playbook; `Run.start_playbook` is the way to say so."""
    return Child(playbooks.start(name))
