"""What a connector is, can do, and must be able to reach."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..contract import connector as world
from ..contract import connector_descriptor as wire
from ..contract import types
from ..failure import InvalidParameters
from ..schema import schema_of
from ..values import Misfit, read
from .access import HttpAccess, TcpAccess
from .action import TIME_LIMIT_DEFAULT, Action, Handler
from .call import Call
from .options import Options

if TYPE_CHECKING:
    # `typing` has it since Python 3.11; checkers know it in either module.
    from typing_extensions import Unpack


@dataclass
class NoConfiguration:
    """The configuration of an asset that needs none."""


class Connector:
    """A connector; its decorators make its actions.

    The name has lower-case letters, digits and `-`; the version is semantic. `about` is one sentence on what it is for,
    `vendor` and `product` are the system that it talks to, and `configuration` is a dataclass of what an asset needs.
    `reveal` names the secrets that the connector must hold itself, because the protocol leaves no other way, and `reads_files`
    the configuration fields that name files that it reads: each with one sentence for the operator on why.
    """

    def __init__(
        self,
        name: str,
        version: str,
        *,
        about: str,
        publisher: str,
        vendor: str,
        product: str,
        configuration: type = NoConfiguration,
        http: Iterable[HttpAccess] = (),
        tcp: Iterable[TcpAccess] = (),
        reveal: Mapping[str, str] | None = None,
        reads_files: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.actions: dict[str, Action] = {}
        self._identity = types.Identity(name, version, about, publisher)
        self._vendor, self._product = vendor, product
        self._configuration = configuration
        self._schema = json.dumps(schema_of(configuration), ensure_ascii=False)
        self._capabilities = wire.Capabilities(
            http=[access.wire for access in http],
            tcp=[access.wire for access in tcp],
            reveal=[wire.Reveal(field, reason) for field, reason in (reveal or {}).items()],
            files=[wire.FileCapability(field, reason) for field, reason in (reads_files or {}).items()],
        )

    def investigate(
        self,
        name: str,
        *,
        about: str | None = None,
        time_limit: timedelta = TIME_LIMIT_DEFAULT,
        reads: Iterable[tuple[str, str]] = (),
    ) -> Callable[[Handler], Action]:
        """A decorator: the function reads, and changes nothing: the host lets it do nothing else. Repeating it is safe.

        `about` is one sentence for a person; else the first paragraph of the docstring is. `time_limit` is how long one call
        may take, waiting included. `reads` are requests that only read although their method is unsafe: each a method in upper
        case and the exact path without query, in which a segment `{field}` stands for what the asset has in that configuration
        field.
        """
        return self._action(name, wire.Effect.INVESTIGATE, wire.Retry.SAFE, about, time_limit, None, reads)

    def contain(self, name: str, **options: Unpack[Options]) -> Callable[[Handler], Action]:
        """A decorator: the function keeps something from happening. `Options` says what else there is to say of it."""
        return self._changing(name, wire.Effect.CONTAIN, **options)

    def correct(self, name: str, **options: Unpack[Options]) -> Callable[[Handler], Action]:
        """A decorator: the function puts something right. `Options` says what else there is to say of it."""
        return self._changing(name, wire.Effect.CORRECT, **options)

    def generic(self, name: str, **options: Unpack[Options]) -> Callable[[Handler], Action]:
        """A decorator: the function changes something that is neither, such as a ticket. `Options` says what else there is to
        say of it.
        """
        return self._changing(name, wire.Effect.GENERIC, **options)

    def test(
        self, *, time_limit: timedelta = TIME_LIMIT_DEFAULT, reads: Iterable[tuple[str, str]] = ()
    ) -> Callable[[Handler], Action]:
        """A decorator: the function is the action `test connectivity`, which checks that the asset works, and changes nothing.
        It takes only the `Call`.
        """
        about = "Checks that the system can be reached with the asset's configuration."
        return self._action(
            "test connectivity", wire.Effect.TEST, wire.Retry.SAFE, about, time_limit, None, reads
        )

    def describe(self) -> wire.Connector:
        """The description that the contract asks for."""
        return wire.Connector(
            identity=self._identity,
            vendor=self._vendor,
            product=self._product,
            configuration=self._schema,
            actions=[action.describe() for action in self.actions.values()],
            capabilities=self._capabilities,
        )

    def invoke(self, invocation: world.Invocation) -> world.Outcome:
        """Runs one action. Raises its `Failure`, and `InvalidParameters` when there is no such action, or when its parameters
        or the configuration do not fit their types.
        """
        action, call = self._begin(invocation)
        return action.run(call, invocation.parameters)

    def verify(self, invocation: world.Invocation) -> world.Verdict:
        """Finds out whether a call took effect; an action without a verifier does not know. Raises as `invoke`."""
        action, call = self._begin(invocation)
        return action.verify(call, invocation.parameters)

    def _begin(self, invocation: world.Invocation) -> tuple[Action, Call[Any]]:
        action = self.actions.get(invocation.action)
        if action is None:
            raise InvalidParameters(f"{self.name} has no action named `{invocation.action}`")
        try:
            configuration: Any = read(self._configuration, json.loads(invocation.configuration))
        except Misfit as misfit:
            raise InvalidParameters(f"the asset's configuration does not fit: {misfit}") from None
        call = Call(
            configuration, invocation.idempotency_key, invocation.attempt, invocation.resume, invocation.cancelled
        )
        return action, call

    def _changing(
        self,
        name: str,
        effect: wire.Effect,
        *,
        about: str | None = None,
        time_limit: timedelta = TIME_LIMIT_DEFAULT,
        repeatable: bool = False,
        repeatable_by_key: bool = False,
        undone_by: str | None = None,
        reads: Iterable[tuple[str, str]] = (),
    ) -> Callable[[Handler], Action]:
        retry = _retry(repeatable, repeatable_by_key)
        return self._action(name, effect, retry, about, time_limit, undone_by, reads)

    def _action(
        self,
        name: str,
        effect: wire.Effect,
        retry: wire.Retry,
        about: str | None,
        time_limit: timedelta,
        undone_by: str | None,
        reads: Iterable[tuple[str, str]],
    ) -> Callable[[Handler], Action]:
        def add(handler: Handler) -> Action:
            if name in self.actions:
                raise ValueError(f"{self.name} has two actions named `{name}`")
            action = Action(name, handler, effect, retry, about, time_limit, undone_by, reads)
            self.actions[name] = action
            return action

        return add


def _retry(repeatable: bool, by_key: bool) -> wire.Retry:
    if repeatable:
        return wire.Retry.SAFE
    return wire.Retry.KEYED if by_key else wire.Retry.UNSAFE
