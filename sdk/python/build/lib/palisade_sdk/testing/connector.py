"""A connector, and a script of the systems it talks to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ..connector import Connector
from ..contract import Err, files, http, state, tcp
from ..contract import connector as wire
from ..contract.connector_descriptor import Action, Effect
from ..failure import Failure
from ..log import Level
from ..report import Report
from ..values import write
from .exchange import Conversation, Exchange
from .world import IDEMPOTENCY_KEY, World

_READ_BYTES = 1024 * 1024
"""As much as one read of a file gives, whatever it asks for."""


@dataclass
class Kept:
    """A value of an asset's state."""

    value: str
    """The value."""
    time_to_live_ms: int
    """How long it is kept, as the connector asked for."""
    confidential: bool
    """Whether the host scrubs it from what the connector logs and returns."""


@dataclass
class Ended:
    """How a call ended."""

    outcome: wire.Outcome | Failure
    """What the action returned or raised."""
    log: list[tuple[Level, str]]
    """What it wrote to the log."""
    state: dict[str, Kept]
    """The asset's state afterwards."""

    def report(self) -> Report:
        """The report of an action that ran to its end."""
        assert isinstance(self.outcome, wire.Outcome_Done), f"the action did not run to its end: {self.outcome!r}"
        return Report.from_wire(self.outcome.value)

    def pending(self) -> wire.Pending:
        """The job that the action waits for."""
        assert isinstance(self.outcome, wire.Outcome_Pending), f"the action does not wait for a job: {self.outcome!r}"
        return self.outcome.value

    def failure(self) -> Failure:
        """Why the action could not run to its end."""
        assert isinstance(self.outcome, Failure), f"the action must fail: {self.outcome!r}"
        return self.outcome


@dataclass
class Verified:
    """What came of the question whether a call took effect."""

    verdict: wire.Verdict | Failure
    """The connector's word."""
    log: list[tuple[Level, str]]
    """What it wrote to the log."""

    def report(self) -> Report:
        """The report of a call that happened."""
        if not isinstance(self.verdict, wire.Verdict_Happened):
            raise AssertionError(f"the call did not happen, or nobody knows: {self.verdict!r}")
        return Report.from_wire(self.verdict.value)


class ConnectorTest:
    """A connector, and a script of the systems it talks to. Nothing is scripted at first, and the configuration is an empty
    object.
    """

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._world = _ConnectorWorld()
        self._configuration: dict[str, Any] = {}
        self._attempt, self._cancelled = 1, False
        self._resume: str | None = None

    def configuration(self, configuration: dict[str, Any]) -> ConnectorTest:
        """The asset's configuration. Give a secret any text: it stands for the placeholder."""
        self._configuration = configuration
        return self

    def attempt(self, attempt: int) -> ConnectorTest:
        """Which attempt this is; the first unless told otherwise."""
        self._attempt = attempt
        return self

    def resume(self, token: str) -> ConnectorTest:
        """The call comes back for a pending job."""
        self._resume = token
        return self

    def cancelled(self) -> ConnectorTest:
        """The run was cancelled while the job was pending."""
        self._cancelled = True
        return self

    def http(self, exchange: Exchange) -> ConnectorTest:
        """The next request of the script."""
        self._world.http.append(exchange)
        return self

    def tcp(self, conversation: Conversation) -> ConnectorTest:
        """The next stream of the script."""
        self._world.tcp.append(conversation)
        return self

    def state(self, key: str, value: str) -> ConnectorTest:
        """An earlier call has kept this value."""
        self._world.state[key] = Kept(value, 2**64 - 1, False)
        return self

    def file(self, field: str, content: bytes) -> ConnectorTest:
        """The asset names a file in this configuration field, and this is what is in it."""
        self._world.files[field] = content
        return self

    def invoke(self, action: str, parameters: dict[str, Any]) -> Ended:
        """Runs one action. An action that only investigates may send no request but safe ones and those that it declares as
        reads: the host would refuse it.
        """
        outcome = self._enter(action, parameters, self._connector.invoke, only_reads=False)
        return Ended(outcome, self._world.log, self._world.state)

    def verify(self, action: str, parameters: dict[str, Any]) -> Verified:
        """Asks whether a call of this action took effect; it may send only what reads."""
        verdict = self._enter(action, parameters, self._connector.verify, only_reads=True)
        return Verified(verdict, self._world.log)

    def _enter(self, action: str, parameters: dict[str, Any], enter: Any, *, only_reads: bool) -> Any:
        world, described = self._world, self._connector.describe()
        world.declared_files = [file.field for file in described.capabilities.files]
        world.action = next((it for it in described.actions if it.name == action), None)
        reading = world.action is not None and world.action.effect in (Effect.INVESTIGATE, Effect.TEST)
        world.only_reads = only_reads or reading
        invocation = wire.Invocation(
            action=action,
            parameters=json.dumps(write(parameters)),
            configuration=json.dumps(write(self._configuration)),
            idempotency_key=IDEMPOTENCY_KEY,
            attempt=self._attempt,
            resume=self._resume,
            cancelled=self._cancelled,
        )
        with world.played():
            try:
                result = enter(invocation)
            except Failure as failure:
                result = failure
        assert not world.http, f"requests that were never sent: {world.http}"
        assert not world.tcp, f"streams that were never opened: {[(it.host, it.port) for it in world.tcp]}"
        return result


class _ConnectorWorld(World):
    def __init__(self) -> None:
        super().__init__()
        self.action: Action | None = None
        self.only_reads = False
        self.http: list[Exchange] = []
        self.tcp: list[Conversation] = []
        self.state: dict[str, Kept] = {}
        self.files: dict[str, bytes] = {}
        self.declared_files: list[str] = []

    def functions(self) -> dict[ModuleType, dict[str, Any]]:
        return super().functions() | {
            http: {"send": self._send},
            tcp: {"connect": self._connect},
            state: {"get": self._get, "put": self._put, "remove": lambda key: self.state.pop(key, None)},
            files: {"size": lambda field: len(self._file(field)), "read": self._read},
        }

    def _send(self, request: http.Request) -> http.Response:
        asked = f"{request.method} {request.url}"
        if self.only_reads:
            assert self._reads(request), f"it may only read: {asked}"
        assert self.http, f"a request that is not in the script: {asked}"
        return self.http.pop(0).meet(request)

    def _reads(self, request: http.Request) -> bool:
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return True
        path = "/" + request.url.partition("://")[2].partition("/")[2].partition("?")[0]
        declared = self.action.reads if self.action else []
        return any(read.method == request.method and _is_of(path, read.path) for read in declared)

    def _connect(self, host: str, port: int) -> tcp.TcpStream:
        assert self.tcp, f"a stream that is not in the script: {host}:{port}"
        conversation = self.tcp.pop(0)
        assert (host, port) == (conversation.host, conversation.port), f"the wrong stream: {host}:{port}"
        return conversation.open()

    def _get(self, key: str) -> str | None:
        return self.state[key].value if key in self.state else None

    def _put(self, key: str, value: str, time_to_live_ms: int, confidential: bool) -> None:
        self.state[key] = Kept(value, time_to_live_ms, confidential)

    def _file(self, field: str) -> bytes:
        assert field in self.declared_files, f"`{field}` is not among the files that the connector reads"
        if field not in self.files:
            raise Err(files.Error_Denied(f"the asset's `{field}` names no file"))
        return self.files[field]

    def _read(self, field: str, offset: int, length: int) -> bytes:
        return self._file(field)[offset : offset + min(length, _READ_BYTES)]


def _is_of(path: str, declared: str) -> bool:
    """Whether a path is one of those that a read declares. What the asset has in a field is the host's to compare."""
    ours, theirs = path.split("/"), declared.split("/")
    return len(ours) == len(theirs) and all(
        one == other or (other.startswith("{") and other.endswith("}")) for one, other in zip(ours, theirs)
    )
