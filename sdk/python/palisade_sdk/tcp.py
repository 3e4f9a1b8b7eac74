"""TCP as the host does it, under the operator's policy, for protocols that are not HTTP."""

from __future__ import annotations

from types import TracebackType

from .contract import Err, tcp
from .failure import Denied, Failure, InvalidParameters, Unavailable, Upstream

_READ_BYTES = 64 * 1024
"""How much one read of a whole stream asks for."""


class Client:
    """Opens streams."""

    def connect(self, host: str, port: int) -> TcpStream:
        """Opens a stream. Raises `Denied` when the policy forbids it, else `Unavailable`."""
        try:
            return TcpStream(tcp.connect(host, port))
        except Err as error:
            raise _failure(error.value) from None

    def connect_to(self, server: str, port_default: int) -> TcpStream:
        """Opens a stream to the server that an asset names as `host` or `host:port`; an IPv6 address stands in brackets.

        Raises as `connect`, and `InvalidParameters` when the text names no server.
        """
        colon = server.rfind(":")
        if colon <= server.rfind("]"):
            return self.connect(server, port_default)
        host, port = server[:colon], server[colon + 1 :]
        if not (port.isascii() and port.isdigit() and int(port) <= 65_535):
            raise InvalidParameters(f"`{server}` is no server")
        return self.connect(host, int(port))


class TcpStream:
    """An open stream, to be used with `with`: at its end the stream is closed."""

    def __init__(self, stream: tcp.TcpStream) -> None:
        self._stream = stream

    def __enter__(self) -> TcpStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stream.__exit__(kind, error, traceback)

    def write(self, data: bytes) -> None:
        """Sends all of these bytes. Raises `Unavailable` when the connection broke or nothing moved in time."""
        try:
            self._stream.write(data)
        except Err as error:
            raise _failure(error.value) from None

    def read(self, most: int) -> bytes:
        """Waits for the next bytes: at least one, at most so many. Empty at the end of the stream. Raises as `write`."""
        try:
            return self._stream.read(most)
        except Err as error:
            raise _failure(error.value) from None

    def read_to_end(self, bytes_max: int) -> bytes:
        """Reads up to the end of the stream. Raises as `read`, and `Upstream` when there is more than this."""
        whole = bytearray()
        while part := self.read(_READ_BYTES):
            whole += part
            if len(whole) > bytes_max:
                raise Upstream(f"the answer is larger than {bytes_max} bytes")
        return bytes(whole)

    def start_tls(self) -> None:
        """Turns the stream into TLS; the certificate must be for the host. Raises `Unavailable` when it is not, or when the
        server does not go along.
        """
        try:
            self._stream.start_tls()
        except Err as error:
            raise _failure(error.value) from None


def _failure(error: tcp.Error) -> Failure:
    if isinstance(error, tcp.Error_Denied):
        return Denied(error.value)
    assert isinstance(error, (tcp.Error_Unreachable, tcp.Error_Tls, tcp.Error_Timeout))
    return Unavailable(error.value)
