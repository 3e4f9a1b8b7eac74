"""What a connector must be able to reach, how, and with which secrets."""

from __future__ import annotations

from collections.abc import Iterable

from ..contract import connector_descriptor as wire


def in_header(field: str, name: str) -> wire.SecretUse:
    """This configuration field may stand anywhere in the header of this name."""
    return wire.SecretUse(field, wire.SecretPlace_Header(name))


def in_query(field: str, name: str) -> wire.SecretUse:
    """This configuration field may be the value of this query parameter."""
    return wire.SecretUse(field, wire.SecretPlace_Query(name))


def in_authorization(field: str) -> wire.SecretUse:
    """This configuration field may be the password of Basic authentication, or the token of Bearer."""
    return wire.SecretUse(field, wire.SecretPlace_Authorization())


def in_body(field: str) -> wire.SecretUse:
    """This configuration field may stand in the body; the host encodes it for the body's content type."""
    return wire.SecretUse(field, wire.SecretPlace_Body())


class HttpAccess:
    """HTTP servers that a connector must be able to call. `methods` are upper case; `because` is one sentence for the
    operator.
    """

    def __init__(
        self, host: wire.HostPattern, methods: Iterable[str], secrets: Iterable[wire.SecretUse], because: str
    ) -> None:
        self.wire = wire.HttpCapability(host, list(methods), list(secrets), because)

    @staticmethod
    def to_host(
        name: str, *, methods: Iterable[str], secrets: Iterable[wire.SecretUse] = (), because: str
    ) -> HttpAccess:
        """One host name, or `*.example.com` for the names below it."""
        return HttpAccess(wire.HostPattern_Named(name), methods, secrets, because)

    @staticmethod
    def to_configured(
        field: str, *, methods: Iterable[str], secrets: Iterable[wire.SecretUse] = (), because: str
    ) -> HttpAccess:
        """The server of the URL in this configuration field, or of each URL if it is a list; a host there may be
        `*.example.com`, every server below that name.
        """
        return HttpAccess(wire.HostPattern_Configured(field), methods, secrets, because)

    @staticmethod
    def to_anywhere(*, methods: Iterable[str], because: str) -> HttpAccess:
        """Any public host; carries no secrets."""
        return HttpAccess(wire.HostPattern_Anywhere(), methods, (), because)


class TcpAccess:
    """TCP servers that a connector must be able to open a stream to. `because` is one sentence for the operator."""

    def __init__(self, host: wire.HostPattern, ports: Iterable[int], because: str) -> None:
        self.wire = wire.TcpCapability(host, list(ports), because)

    @staticmethod
    def to_host(name: str, *, ports: Iterable[int], because: str) -> TcpAccess:
        """One host name, or `*.example.com` for the names below it."""
        return TcpAccess(wire.HostPattern_Named(name), ports, because)

    @staticmethod
    def to_configured(field: str, *, ports: Iterable[int], because: str) -> TcpAccess:
        """The value of this configuration field, `host` or `host:port`."""
        return TcpAccess(wire.HostPattern_Configured(field), ports, because)

    @staticmethod
    def to_anywhere(*, ports: Iterable[int], because: str) -> TcpAccess:
        """Any public host."""
        return TcpAccess(wire.HostPattern_Anywhere(), ports, because)
