"""From a plugin's object to the exports of its component. `palisade plugin build` writes the one line that uses it."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from . import log
from .contract import Err, types
from .failure import Failure, Refused, to_wire

if TYPE_CHECKING:
    from .connector import Connector
    from .contract import connector as connector_world
    from .contract import connector_descriptor, playbook_descriptor
    from .playbook import Playbook

T = TypeVar("T")


def connector(plugin: Connector) -> type:
    """The class `WitWorld` of a component with the world `connector`."""

    class WitWorld:
        def describe(self) -> connector_descriptor.Connector:
            return plugin.describe()

        def invoke(self, call: connector_world.Invocation) -> connector_world.Outcome:
            return _called(lambda: plugin.invoke(call))

        def verify(self, call: connector_world.Invocation) -> connector_world.Verdict:
            return _called(lambda: plugin.verify(call))

    return WitWorld


def playbook(plugin: Playbook) -> type:
    """The class `WitWorld` of a component with the world `playbook`."""

    class WitWorld:
        def describe(self) -> playbook_descriptor.Playbook:
            return plugin.describe()

        def run(self) -> str:
            return _told(plugin.run)

    return WitWorld


def _called(handle: Callable[[], T]) -> T:
    try:
        return _told(handle)
    except Failure as failure:
        raise Err(to_wire(failure)) from None
    except Refused as refused:
        raise Err(types.Failure_Upstream(types.UpstreamError(None, str(refused)))) from None


def _told(handle: Callable[[], T]) -> T:
    """What nobody expected is written to the log before the component breaks of it, because it has nowhere else to go."""
    try:
        return handle()
    except (Err, Failure, Refused):
        raise
    except BaseException:
        log.error(traceback.format_exc())
        raise
