"""The evidence of the alert. What it says comes from outside and may be meant to mislead."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from ..contract import alerts as wire


@dataclass
class Artifact:
    """A piece of evidence."""

    id: int
    """Number within the alert, from 1."""
    name: str
    """Title."""
    label: str
    """What kind it is, for example `event`."""
    cef: dict[str, Any] = field(default_factory=dict)
    """Fields by their CEF key."""

    @staticmethod
    def from_wire(artifact: wire.Artifact) -> Artifact:
        """The host has checked that the fields are a JSON object."""
        return Artifact(artifact.id, artifact.name, artifact.label, json.loads(artifact.cef))


class Artifacts(list[Artifact]):
    """All artifacts of the alert. A getter takes the first artifact that has a usable value for the CEF key; of a list of
    values it takes the first.
    """

    def text(self, key: str) -> str | None:
        """Text that is not blank, trimmed."""
        return next((value.strip() for value in self._values(key) if isinstance(value, str) and value.strip()), None)

    def ip(self, key: str) -> IPv4Address | IPv6Address | None:
        """An IP address."""
        for value in self._values(key):
            if isinstance(value, str):
                try:
                    return ip_address(value.strip())
                except ValueError:
                    continue
        return None

    def number(self, key: str) -> int | None:
        """A number that is not negative, such as `destinationPort`, whether given as a number or as text."""
        for value in self._values(key):
            if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
                return int(value)
            if type(value) is int and value >= 0:
                return value
        return None

    def _values(self, key: str) -> Iterator[Any]:
        for artifact in self:
            value = artifact.cef.get(key)
            if isinstance(value, list):
                value = value[0] if value else None
            if value is not None:
                yield value
