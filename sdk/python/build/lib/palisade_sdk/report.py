"""What an action did, in the words of the field."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .contract import types
from .contract.types import Status
from .values import read

__all__ = ["Report", "Status"]

T = TypeVar("T")


@dataclass
class Report:
    """What an action did."""

    status: Status
    """Whether the action achieved what its name says."""
    message: str
    """One sentence for a person."""
    summary: dict[str, Any] = field(default_factory=dict)
    """The few facts that decide."""
    data: Any = None
    """Everything found."""

    def data_as(self, shape: type[T]) -> T:
        """What was found, as this type. Raises `Misfit` if it has another shape."""
        return read(shape, self.data)

    @staticmethod
    def from_wire(report: types.Report) -> Report:
        """The host has checked that the texts are JSON."""
        return Report(report.status, report.message, json.loads(report.summary), json.loads(report.data))
