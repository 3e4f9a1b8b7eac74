"""What may be said of an action that changes something."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TypedDict


class Options(TypedDict, total=False):
    """Options of the decorators `contain`, `correct` and `generic` of `Connector`, by name; each may be left out."""

    about: str | None
    """One sentence for a person; the first paragraph of the docstring unless it is given."""
    time_limit: timedelta
    """How long one call may take, waiting included; 30 seconds unless it is given."""
    repeatable: bool
    """A second call changes nothing, so that repeating it is safe. It is not unless the action says so."""
    repeatable_by_key: bool
    """A second call with the same `Call.idempotency_key` changes nothing, to which the handler sees."""
    undone_by: str | None
    """Name of the action that takes this one back, with the same parameters."""
    reads: Iterable[tuple[str, str]]
    """Requests that only read although their method is unsafe, as `investigate` has them: a verifier may send them."""
