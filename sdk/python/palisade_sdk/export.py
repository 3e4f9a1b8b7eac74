"""From a plugin's object to the exports of its component. `palisade plugin build` writes the one line that uses it."""

from __future__ import annotations

import gc
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

    _settle()
    return WitWorld


def playbook(plugin: Playbook) -> type:
    """The class `WitWorld` of a component with the world `playbook`."""

    class WitWorld:
        def describe(self) -> playbook_descriptor.Playbook:
            return plugin.describe()

        def run(self) -> str:
            return _told(plugin.run)

    _settle()
    return WitWorld


def _settle() -> None:
    """Each call begins with a copy of the memory as it is when the component has been built, page by page as it is written to.
    The collector of garbage would write to all of it; what is there by now is no garbage.
    """
    gc.collect()
    gc.freeze()


def _called(handle: Callable[[], T]) -> T:
    try:
        return _told(handle)
    except Failure as failure:
        raise Err(to_wire(failure)) from None
    except Refused as refused:
        raise Err(types.Failure_Upstream(types.UpstreamError(None, str(refused)))) from None


def _told(handle: Callable[[], T]) -> T:
    """What nobody expected is written to the log before the component breaks of it, because it has nowhere else to go. The
    host quotes the last line, which says what happened, when it tells of the fault.
    """
    try:
        return handle()
    except (Err, Failure, Refused):
        raise
    except BaseException:
        for line in traceback.format_exc().splitlines():
            log.error(line)
        raise
