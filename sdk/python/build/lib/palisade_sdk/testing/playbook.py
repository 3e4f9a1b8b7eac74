"""A playbook, the alert it handles, and how the actions, prompts and playbooks that it may start end."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address, ip_network
from types import ModuleType
from typing import Any

from ..contract import Err, actions, alerts, configuration, history, lists, playbooks, prompts, steps, types
from ..failure import Failure, to_wire
from ..log import Level
from ..playbook import Alert, AlertStatus, Playbook, Severity
from ..report import Status
from ..time import milliseconds
from ..values import write
from .world import NOW_MS, World

_End = types.Report | Failure


@dataclass
class Started:
    """An action that a playbook started."""

    connector: str
    """Name of the connector."""
    action: str
    """Name of the action."""
    parameters: dict[str, Any]
    """Its parameters."""
    asset: str | None
    """The asset, if it named one."""
    undo_after_ms: int | None
    """When it is to be taken back, if it is."""


@dataclass
class Played:
    """What a playbook did."""

    result: str | None
    """What it returned; nothing if it failed."""
    error: str | None
    """Why the alert could not be handled, if it could not."""
    log: list[tuple[Level, str]]
    """What it wrote to the log."""
    changes: list[tuple[Any, ...]]
    """Its changes to the alert and to custom lists, in order: name of the change, and what it was given, such as
    `("note", title, text)`; `severity`, `status`, `owner`, `escalated` (to, summary), `artifact` (name, label, fields) and
    `listed` (list, value, note)."""
    started: list[Started]
    """The actions it started, in order."""
    asked: list[prompts.Prompt]
    """What it asked people, in order."""


class PlaybookTest:
    """A playbook, the alert it handles, and how the actions, prompts and playbooks that it may start end.

    Time stands still, except that a wait takes as long as it takes: until the default of an unanswered prompt stands, or until
    the deadline.
    """

    def __init__(self, playbook: Playbook) -> None:
        self._playbook = playbook
        self._world = _PlaybookWorld(playbook)

    def alert(self, **changes: Any) -> PlaybookTest:
        """Changes fields of the alert as it stands when the run begins."""
        for name, value in changes.items():
            assert hasattr(self._world.alert, name), f"an alert has no {name}"
            setattr(self._world.alert, name, value)
        return self

    def artifact(self, cef: dict[str, Any]) -> PlaybookTest:
        """Adds an artifact with these CEF fields."""
        self._world.artifacts.append(alerts.Artifact(len(self._world.artifacts) + 1, "event", "event", json.dumps(cef)))
        return self

    def configured(self, settings: dict[str, Any]) -> PlaybookTest:
        """What the operator has configured."""
        self._world.configuration = settings
        return self

    def list(self, name: str, *values: str) -> PlaybookTest:
        """There is a custom list with these entries. Others do not exist."""
        self._world.lists[name] = list(values)
        return self

    def earlier(self, count: int) -> PlaybookTest:
        """The next look into history counts so many alerts."""
        self._world.earlier.append(count)
        return self

    def succeeds(self, connector: str, action: str, message: str, data: Any) -> PlaybookTest:
        """The next start of this action ends with this message and data."""
        return self.reports(connector, action, Status.SUCCESS, message, data)

    def reports(
        self, connector: str, action: str, status: Status, message: str, data: Any, **summary: Any
    ) -> PlaybookTest:
        """The next start of this action ends with this report."""
        report = types.Report(status, message, json.dumps(write(summary)), json.dumps(write(data)))
        return self._ends(connector, action, report)

    def fails(self, connector: str, action: str, failure: Failure) -> PlaybookTest:
        """The next start of this action ends with this failure."""
        return self._ends(connector, action, failure)

    def takes(self, time: timedelta) -> PlaybookTest:
        """The action that was scripted last takes this long."""
        self._world.scripted[-1].takes_ms = milliseconds(time)
        return self

    def answered(self, answer: str | int, by: str) -> PlaybookTest:
        """The next prompt is answered so, by this person, as soon as it is asked."""
        self._world.answers.append((answer, by))
        return self

    def unanswered(self) -> PlaybookTest:
        """The next prompt is not answered in time: its default stands."""
        self._world.answers.append(None)
        return self

    def concludes(self, playbook: str, run: int, status: Status, message: str) -> PlaybookTest:
        """The next start of this playbook makes a run of this number, which ends with this message."""
        self._world.children.append((playbook, types.Report(status, message, "{}", json.dumps({"run": run}))))
        return self

    def refuses(self, playbook: str, failure: Failure) -> PlaybookTest:
        """The next start of this playbook is refused."""
        self._world.children.append((playbook, failure))
        return self

    def run(self) -> Played:
        """Runs the playbook. The test fails when it starts an action or a playbook that it does not name in its description or
        that is not scripted, asks more than is scripted, asks what its default or the scripted answer does not answer, or leaves
        something of the script out.
        """
        world, result, error = self._world, None, None
        with world.played():
            try:
                result = self._playbook.run()
            except Err as why:
                error = why.value
        assert not world.scripted, f"actions that were never started: {world.scripted}"
        assert not world.answers, f"answers to prompts that were never asked: {world.answers}"
        assert not world.earlier, f"looks into history that were never made: {world.earlier}"
        assert not world.children, f"playbooks that were never started: {world.children}"
        return Played(result, error, world.log, world.changes, world.started, world.asked)

    def _ends(self, connector: str, action: str, end: _End) -> PlaybookTest:
        self._world.scripted.append(_Scripted(connector, action, end))
        return self


@dataclass
class _Scripted:
    """An action that may be started."""

    connector: str
    action: str
    end: _End
    takes_ms: int = 0


class _PlaybookWorld(World):
    def __init__(self, playbook: Playbook) -> None:
        super().__init__()
        described = playbook.describe()
        self.needs = [(need.connector, need.action) for need in described.needs]
        self.starts, self.uses = described.starts, {use.name: use.adds for use in described.lists}
        label = described.labels[0] if described.labels else "test"
        self.alert = Alert(
            1, "Alert of the test", label, "test", "1", Severity.MEDIUM, AlertStatus.NEW, None, "", NOW_MS, None
        )
        self.artifacts: list[alerts.Artifact] = []
        self.configuration: dict[str, Any] = {}
        self.lists: dict[str, list[str]] = {}
        self.earlier: list[int] = []
        self.scripted: list[_Scripted] = []
        self.answers: list[tuple[str | int, str] | None] = []
        self.children: list[tuple[str, _End]] = []
        self.changes: list[tuple[Any, ...]] = []
        self.started: list[Started] = []
        self.asked: list[prompts.Prompt] = []
        self._steps: list[tuple[int, _End]] = []

    def functions(self) -> dict[ModuleType, dict[str, Any]]:
        return super().functions() | {
            steps: {"wait": self._wait, "wait_any": self._wait_any, "wait_until": self._wait_until},
            actions: {"start": self._start},
            prompts: {"ask": self._ask},
            playbooks: {"start": self._start_playbook},
            configuration: {"get": lambda: json.dumps(self.configuration)},
            lists: {"find": self._find, "add": self._add},
            history: {"count": self._count},
            alerts: {
                "get": lambda: self.alert,
                "artifacts": lambda: list(self.artifacts),
                "set_severity": self._changes_alert("severity"),
                "set_status": self._changes_alert("status"),
                "set_owner": self._changes_alert("owner"),
                "escalate": lambda to, summary: self.changes.append(("escalated", to, summary)),
                "add_note": lambda title, text: self.changes.append(("note", title, text)),
                "add_artifact": self._add_artifact,
            },
        }

    def _step(self, takes_ms: int, end: _End) -> int:
        self._steps.append((self.now_ms + takes_ms, end))
        return len(self._steps)

    def _wait(self, id: int) -> types.Report:
        ends_ms, end = self._steps[id - 1]
        self.now_ms = max(self.now_ms, ends_ms)
        if isinstance(end, Failure):
            raise Err(to_wire(end))
        return end

    def _wait_any(self, ids: list[int]) -> int:
        """The first to end; of those that end at the same time, the first of the list."""
        found = self._wait_until(ids, 2**64 - 1)
        assert found is not None
        return found

    def _wait_until(self, ids: list[int], deadline: int) -> int | None:
        def ends_ms(id: int) -> int:
            return max(self._steps[id - 1][0], self.now_ms)

        first = min(ids, key=ends_ms, default=None)
        if first is not None and ends_ms(first) > deadline:
            first = None
        self.now_ms = max(self.now_ms, deadline if first is None else ends_ms(first))
        return first

    def _start(self, request: actions.Request) -> int:
        name = (request.connector, request.action)
        assert name in self.needs, f"{name} is not among the playbook's needs"
        scripted = next((it for it in self.scripted if (it.connector, it.action) == name), None)
        assert scripted, f"{name} is not in the script"
        self.scripted.remove(scripted)
        parameters = json.loads(request.parameters)
        self.started.append(Started(*name, parameters, request.asset, request.undo_after_ms))
        return self._step(scripted.takes_ms, scripted.end)

    def _ask(self, prompt: prompts.Prompt) -> int:
        default = json.loads(prompt.default)
        assert _counts(prompt.answer, default), f"the default of {prompt} is no answer to it"
        assert self.answers, f"a prompt that is not in the script: {prompt}"
        answer, by = self.answers.pop(0) or (default, None)
        assert _counts(prompt.answer, answer), f"{answer!r} is no answer to {prompt}"
        self.asked.append(prompt)
        report = types.Report(Status.SUCCESS, "", "{}", json.dumps({"answer": answer, "by": by}))
        return self._step(prompt.time_limit_ms if by is None else 0, report)

    def _start_playbook(self, name: str) -> int:
        assert name in self.starts, f"`{name}` is not among the playbooks that it starts"
        scripted = next((child for child in self.children if child[0] == name), None)
        assert scripted, f"the playbook `{name}` is not in the script"
        self.children.remove(scripted)
        return self._step(0, scripted[1])

    def _find(self, name: str, value: str) -> lists.Entry | None:
        entry = next((entry for entry in self._list(name) if _covers(entry, value)), None)
        return None if entry is None else lists.Entry(entry, "", "test")

    def _add(self, name: str, value: str, note: str) -> None:
        assert self.uses.get(name), f"the playbook does not declare that it adds to the list `{name}`"
        self._list(name).append(value)
        self.changes.append(("listed", name, value, note))

    def _list(self, name: str) -> list[str]:
        assert name in self.uses, f"the playbook does not declare the list `{name}`"
        if name not in self.lists:
            raise Err(f"there is no list `{name}`")
        return self.lists[name]

    def _count(self, query: history.Query) -> int:
        assert self.earlier, f"a look into history that is not in the script: {query}"
        return self.earlier.pop(0)

    def _changes_alert(self, name: str) -> Callable[[Any], None]:
        def change(value: Any) -> None:
            setattr(self.alert, name, value)
            self.changes.append((name, value))

        return change

    def _add_artifact(self, name: str, label: str, cef: str) -> int:
        number = len(self.artifacts) + 1
        self.artifacts.append(alerts.Artifact(number, name, label, cef))
        self.changes.append(("artifact", name, label, json.loads(cef)))
        return number


def _counts(answers: prompts.Answer, answer: object) -> bool:
    if isinstance(answers, prompts.Answer_Choice):
        return answer in answers.value
    if isinstance(answers, prompts.Answer_Number):
        return type(answer) is int and answers.value[0] <= answer <= answers.value[1]
    assert isinstance(answers, prompts.Answer_Text)
    return isinstance(answer, str)


def _covers(entry: str, value: str) -> bool:
    """Whether an entry covers a value, as the host has it."""
    entry, value = entry.lower(), value.lower()
    if entry.startswith("*."):
        return len(value) > len(entry) - 1 and value.endswith(entry[1:])
    if "/" in entry:
        try:
            return ip_address(value) in ip_network(entry, strict=False)
        except ValueError:
            pass
    return entry == value
