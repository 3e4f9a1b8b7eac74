"""One run of a playbook: the alert it handles, and what it may do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from .. import clock
from ..contract import Err, alerts, configuration, history, lists, steps
from ..contract.alerts import Alert, AlertStatus, Severity
from ..failure import Refused
from ..time import milliseconds
from ..values import Misfit, read, write
from .artifacts import Artifact, Artifacts
from .prompt import Asked, Prompt
from .step import Action, Child, Started, Step, start_playbook

C = TypeVar("C")


class Run:
    """One run of a playbook."""

    def alert(self) -> Alert:
        """The alert as it stood when the run began, with this run's own changes."""
        return alerts.get()

    def artifacts(self) -> Artifacts:
        """The alert's artifacts, likewise."""
        return Artifacts(Artifact.from_wire(artifact) for artifact in alerts.artifacts())

    def configuration(self, shape: type[C]) -> C:
        """What the operator has configured, with the defaults of the rest. Raises `Refused` when it does not fit the type, which
        must be the one that the playbook is configured by.
        """
        try:
            return read(shape, json.loads(configuration.get()))
        except Misfit as misfit:
            raise Refused(f"The playbook's configuration cannot be used: {misfit}") from None

    def find_in(self, list_name: str, value: str) -> lists.Entry | None:
        """The entry of a custom list that a value falls under: itself, whatever its case, or the smallest network or the longest
        name that contains it. Raises `Refused` when there is no such list, which is not the same as an empty one, or the
        playbook does not declare it.
        """
        try:
            return lists.find(list_name, value)
        except Err as error:
            raise Refused(error.value) from None

    def add_to(self, list_name: str, value: str, note: str) -> None:
        """Adds an entry to a custom list, or replaces its note. Raises `Refused` when there is no such list, or the playbook
        does not declare that it adds to it.
        """
        try:
            lists.add(list_name, value, note)
        except Err as error:
            raise Refused(error.value) from None

    def count_earlier(
        self, *, label: str, field: str, value: str, since_ms: int, severity: Severity = Severity.INFORMATIONAL
    ) -> int:
        """How many such alerts there were before that of this run; 1000 stands for that many or more.

        `field` is a CEF field that names who or what they are about, for example `sourceUserName`, and `value` its value,
        whatever its case; the contract lists the fields that are kept for this. They were received at `since_ms` or later, in
        milliseconds since 1970, and are at least so bad. Raises `Refused` when alerts are not kept by that field.
        """
        try:
            query = history.Query(label=label, field=field, value=value, since=since_ms, severity=severity)
            return history.count(query)
        except Err as error:
            raise Refused(error.value) from None

    def start(self, action: Action) -> Started:
        """Starts an action and returns at once, so any number may run side by side."""
        return action.start()

    def ask(self, prompt: Prompt) -> Asked:
        """Asks a person and returns at once."""
        return prompt.ask()

    def start_playbook(self, name: str) -> Child:
        """Starts another playbook on the alert of this run, in a run of its own, and returns at once."""
        return start_playbook(name)

    def wait_any(self, waited: Sequence[Step]) -> Step:
        """Waits until one of these has ended and tells which. There must be one: the wait would never end."""
        if not waited:
            raise ValueError("a wait for one of no steps never ends")
        return _of(waited, steps.wait_any([step.id for step in waited]))

    def wait_until(self, waited: Sequence[Step], deadline_ms: int) -> Step | None:
        """Like `wait_any`, but gives up at this time, in milliseconds since 1970, and then returns nothing."""
        found = steps.wait_until([step.id for step in waited], deadline_ms)
        return None if found is None else _of(waited, found)

    def sleep_until(self, time_ms: int) -> None:
        """Waits until this time, in milliseconds since 1970. Days are no burden: meanwhile the run holds no memory, and a
        restart of the host does not shorten the wait.
        """
        steps.wait_until([], time_ms)

    def sleep(self, time: timedelta) -> None:
        """Waits this long, from now on."""
        self.sleep_until(clock.now_ms() + milliseconds(time))

    def set_severity(self, severity: Severity) -> None:
        """Says how bad it is."""
        alerts.set_severity(severity)

    def set_status(self, status: AlertStatus) -> None:
        """Says where the work stands."""
        alerts.set_status(status)

    def set_owner(self, owner: str | None) -> None:
        """Says who works on it; nothing for nobody."""
        alerts.set_owner(owner)

    def escalate(self, summary: str, *, to: str | None = None) -> None:
        """Hands the alert to a person, with one sentence on why: it stands in the inbox until somebody takes it, whatever
        becomes of the run. To a person or a role, or to whoever looks first.
        """
        alerts.escalate(to, summary)

    def add_note(self, title: str, text: str) -> None:
        """Adds a note: title, and text in Markdown."""
        alerts.add_note(title, text)

    def add_artifact(self, name: str, label: str, cef: Mapping[str, Any]) -> int:
        """Adds an artifact with these CEF fields and returns its number. Raises `Refused` with what the host finds wrong."""
        try:
            return alerts.add_artifact(name, label, json.dumps(write(dict(cef)), ensure_ascii=False))
        except Err as error:
            raise Refused(error.value) from None


def _of(waited: Sequence[Step], found: steps.StepId) -> Step:
    return next(step for step in waited if step.id == found)
