"""One thing a connector can do."""

from __future__ import annotations

import inspect
import json
import types as python_types
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Union, get_args, get_origin, get_type_hints

from ..contract import connector as world
from ..contract import connector_descriptor as wire
from ..failure import InvalidParameters
from ..schema import one_line, schema_of
from ..time import milliseconds
from ..values import Misfit, read
from .call import Call
from .outcome import Done, Pending, Verdict, outcome_to_wire, verdict_to_wire

TIME_LIMIT_DEFAULT = timedelta(seconds=30)
"""What one call may take unless the action says otherwise."""

Handler = Callable[..., Any]
"""A function of the `Call`, and of the parameters if the action has any."""


class Action:
    """One thing a connector can do; made by a decorator of `Connector`, and called like the function below it."""

    def __init__(
        self,
        name: str,
        handler: Handler,
        effect: wire.Effect,
        retry: wire.Retry,
        about: str | None,
        time_limit: timedelta,
        undone_by: str | None,
        reads: Iterable[tuple[str, str]],
    ) -> None:
        self.name = name
        self._handler = handler
        self._verifier: Handler | None = None
        parameters, output = _shapes(name, handler)
        self._parameters = parameters
        # Schemas are made here, while the component is built: there is no source to take the docstrings from later.
        self._schemas = _text(_closed() if parameters is None else schema_of(parameters)), _text(schema_of(output))
        self._effect, self._retry, self._undo = effect, retry, undone_by
        self._about = about if about is not None else one_line(handler.__doc__ or "")
        self._time_limit_ms = milliseconds(time_limit)
        self._reads = [wire.Read(method, path) for method, path in reads]

    def __call__(self, *arguments: Any) -> Any:
        return self._handler(*arguments)

    def verified_by(self, handler: Handler) -> Handler:
        """A decorator: this function finds out whether a call took effect whose end nobody heard, for an action that is
        unsafe to repeat. The host asks before it would ask a person.

        It takes what the action takes, and the `Call` that was sent with its `idempotency_key`; it may only read. It returns
        `Happened`, with what the action would have returned, `DidNotHappen` or `Unknown`.
        """
        self._verifier = handler
        return handler

    def describe(self) -> wire.Action:
        """The description that the contract asks for."""
        return wire.Action(
            name=self.name,
            description=self._about,
            parameters=self._schemas[0],
            output=self._schemas[1],
            effect=self._effect,
            retry=self._retry,
            verifies=self._verifier is not None,
            undo=self._undo,
            time_limit_ms=self._time_limit_ms,
            reads=list(self._reads),
        )

    def run(self, call: Call[Any], parameters: str) -> world.Outcome:
        """Runs it. Raises `Failure`."""
        outcome: Done[Any] | Pending = self._handler(call, *self._read(parameters))
        return outcome_to_wire(outcome)

    def verify(self, call: Call[Any], parameters: str) -> world.Verdict:
        """Finds out whether a call took effect. Raises `Failure`."""
        if self._verifier is None:
            return world.Verdict_Unknown(f"`{self.name}` has no way to find out")
        verdict: Verdict = self._verifier(call, *self._read(parameters))
        return verdict_to_wire(verdict)

    def _read(self, parameters: str) -> list[Any]:
        if self._parameters is None:
            return []
        try:
            return [read(self._parameters, json.loads(parameters))]
        except Misfit as misfit:
            raise InvalidParameters(f"the parameters of `{self.name}` do not fit: {misfit}") from None


def _shapes(name: str, handler: Handler) -> tuple[Any, Any]:
    """The types of the parameters and of the output, from the handler's annotations."""
    hints = get_type_hints(handler, include_extras=True)
    taken = list(inspect.signature(handler).parameters)
    returned = hints.get("return")
    cases = get_args(returned) if get_origin(returned) in (Union, python_types.UnionType) else (returned,)
    outputs = [get_args(case)[0] for case in cases if get_origin(case) is Done]
    if not 1 <= len(taken) <= 2 or (len(taken) == 2 and taken[1] not in hints) or len(outputs) != 1:
        raise TypeError(
            f"the handler of `{name}` takes a Call and the parameters, with their type, and says that it returns "
            "Done[…] or Done[…] | Pending"
        )
    return hints[taken[1]] if len(taken) == 2 else None, outputs[0]


def _closed() -> dict[str, Any]:
    """The schema of no parameters."""
    return {"type": "object", "properties": {}, "additionalProperties": False}


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
