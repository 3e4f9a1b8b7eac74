"""The scripted side of the imports that both worlds have, and how it takes their place for the time of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from ..contract import clock, log, random
from ..log import Level

NOW_MS = 1_767_225_600_000
"""When every test begins, 2026-01-01T00:00:00Z."""

IDEMPOTENCY_KEY = "test-key"
"""The idempotency key of every call."""


class World:
    """What is scripted, and what has happened."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        self.log: list[tuple[Level, str]] = []

    def functions(self) -> dict[ModuleType, dict[str, Any]]:
        """The functions that it plays, by the module of the contract."""
        return {
            log: {"write": lambda level, message: self.log.append((level, message))},
            clock: {"now": lambda: self.now_ms},
            random: {"bytes": lambda count: bytes(number % 256 for number in range(count))},
        }

    @contextmanager
    def played(self) -> Iterator[None]:
        """Within it the contract's functions are those of this world."""
        before = [
            (module, name, getattr(module, name)) for module, names in self.functions().items() for name in names
        ]
        try:
            for module, names in self.functions().items():
                for name, function in names.items():
                    setattr(module, name, function)
            yield
        finally:
            for module, name, function in before:
                setattr(module, name, function)
