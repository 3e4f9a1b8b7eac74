# Written by tools/contract.py from the WIT.
"""What a connector tells about itself before anything is granted to it.

The host calls `describe` once, at install, in an instance that can reach nothing; what it says is shown to
the operator, recorded, and enforced from then on.
"""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union

from . import types


@dataclass
class Connector:
    """The whole description."""

    identity: types.Identity
    """Name, version, publisher."""
    vendor: str
    """Maker of the system it talks to, for example `ServiceNow`."""
    product: str
    """The system it talks to, for example `IT Service Management`."""
    configuration: types.JsonSchema
    """Schema of an asset's configuration: a JSON object. A property with `"writeOnly": true` is a secret."""
    actions: list[Action]
    """What it can do; the action named `test connectivity` is called by `palisade asset test`."""
    capabilities: Capabilities
    """What it must be able to reach."""


@dataclass
class Action:
    """One thing a connector can do."""

    name: str
    """Name in the field's words: `block ip`, `query domain`."""
    description: str
    """One sentence for a person."""
    parameters: types.JsonSchema
    """Schema of its parameters: a JSON object."""
    output: types.JsonSchema
    """Schema of the `data` in its report."""
    effect: Effect
    """What it does to the world."""
    retry: Retry
    """What may happen when it is not known whether a call arrived."""
    verifies: bool
    """Whether `verify` can find out if a call of it took effect."""
    undo: str | None
    """The action that takes this one back, with the same parameters, if there is one."""
    time_limit_ms: int
    """Milliseconds that one call of `invoke` may take, waiting included."""
    reads: list[Read]
    """Requests with an unsafe method that only read. An `investigate` action may send these and the safe
    methods, and nothing else; the host enforces it.
    """


class Effect(Enum):
    """What an action does to the world."""

    INVESTIGATE = 0
    """Reads, and changes nothing: the host lets it do nothing else."""
    CONTAIN = 1
    """Keeps something from happening: block, disable, quarantine, wipe."""
    CORRECT = 2
    """Puts something right: unblock, enable, restore."""
    GENERIC = 3
    """Changes something that is neither: a ticket, a message."""
    TEST = 4
    """Checks that the asset works; bound like `investigate`."""


class Retry(Enum):
    """What may happen when it is not known whether a call arrived."""

    SAFE = 0
    """Repeating it changes nothing."""
    KEYED = 1
    """Repeating it with the same idempotency key changes nothing."""
    UNSAFE = 2
    """Repeating it may do it twice: the host never does so by itself."""


@dataclass
class Read:
    """A request that only reads although its method is unsafe, for example `POST /wsman`."""

    method: str
    """HTTP method, upper case."""
    path: str
    """Exact path of the URL, without query. A segment `{field}` stands for what the asset has in that configuration
    field, if it is a text that needs no escapes: `/{tenant_id}/oauth2/v2.0/token`.
    """


@dataclass
class Capabilities:
    """What the connector must be able to reach. The operator grants each item to an asset or does not."""

    http: list[HttpCapability]
    """HTTP servers."""
    tcp: list[TcpCapability]
    """Raw TCP, for protocols that are not HTTP. The host cannot look inside it."""
    reveal: list[Reveal]
    """Secrets that the connector must hold itself, because the protocol leaves no other way."""
    files: list[FileCapability]
    """Files that it reads, such as a database of addresses."""


@dataclass
class HttpCapability:
    """HTTP servers it may call, how, and with which secrets."""

    host: HostPattern
    """Where."""
    methods: list[str]
    """HTTP methods, upper case."""
    secrets: list[SecretUse]
    """Secrets that the host may put into requests to exactly these servers."""
    reason: str
    """Why, in one sentence for the operator."""


@dataclass
class TcpCapability:
    """TCP servers it may open a stream to."""

    host: HostPattern
    """Where. A configured host is the value of that field, one `host` or `host:port`: no list, and no `*.`."""
    ports: list[int]
    """Ports; never empty."""
    reason: str
    """Why, in one sentence for the operator."""


@dataclass
class HostPattern_Named:
    """One host name, or `*.example.com` for the names below it."""

    value: str


@dataclass
class HostPattern_Configured:
    """The servers that the asset names in this configuration field: scheme, host and port of its URL, or of each
    URL in its list. A host there may be `*.example.com`, at least two labels after the `*.`: every host below
    that name, and not the name itself. Who configures the asset thereby lets its secrets go to all of them.
    """

    value: str


@dataclass
class HostPattern_Anywhere:
    """Any public host. May carry no secrets."""


HostPattern = Union[HostPattern_Named, HostPattern_Configured, HostPattern_Anywhere]
"""A set of hosts."""


@dataclass
class SecretUse:
    """Where a secret stands in a request."""

    field: str
    """The configuration field."""
    place: SecretPlace
    """The place. Elsewhere its placeholder is refused."""


@dataclass
class SecretPlace_Header:
    """Anywhere in the header of this name."""

    value: str


@dataclass
class SecretPlace_Query:
    """The value of this query parameter."""

    value: str


@dataclass
class SecretPlace_Authorization:
    """The password of HTTP Basic authentication (RFC 7617), or the token of Bearer (RFC 6750)."""


@dataclass
class SecretPlace_Body:
    """Anywhere in the body, encoded for its content type (form, JSON, XML; else as it is)."""


SecretPlace = Union[SecretPlace_Header, SecretPlace_Query, SecretPlace_Authorization, SecretPlace_Body]
"""The places where the host puts a secret."""


@dataclass
class Reveal:
    """A secret that the connector must hold itself."""

    field: str
    """The configuration field."""
    reason: str
    """Why, in one sentence for the operator."""


@dataclass
class FileCapability:
    """A file that the connector reads."""

    field: str
    """The configuration field that names the file: its name in the directory that the operator keeps for files."""
    reason: str
    """Why, in one sentence for the operator."""


if sys.platform == "wasi":
    from wit_world.imports.connector_descriptor import *  # type: ignore
