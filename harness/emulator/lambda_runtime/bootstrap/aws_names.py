"""AWS's names inside a function: they lead to the emulator, so that code which names AWS runs unedited.

`redirect` changes what Python's own `socket` does: names of AWS resolve to `AWS_ADDRESS`, an address that nothing
listens on, and a connection to that address, or straight to a name, goes to the emulator. Everything that connects
through `socket` is covered: http.client, urllib3 and so boto3, ssl, asyncio, anyio, trio.

Not covered is what resolves and connects in C by itself (uvloop, gevent, awscrt, grpc, libcurl), programs that a
function starts, and a public address of AWS that is written as a number. What these reach refuses the credentials
that functions have here, because they are made up.

Runs in the function's process before anything of the function, and imports nothing but the standard library.
"""

import errno
import socket
from collections.abc import Callable
from functools import wraps
from typing import Any

AWS_ADDRESS = "127.0.53.1"
"""Stands for all of AWS, between the resolution of a name and the connection."""

_SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws", ".on.aws")
_METADATA = frozenset({"169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23"})
_OURS = (".localhost", ".localhost.localstack.cloud")
_PORTS = (80, 443)


def is_aws_name(name: str) -> bool:
    """Whether the host is AWS's: one of its domains, or what serves metadata and credentials."""
    name = name.lower().removesuffix(".")
    return f".{name}".endswith(_SUFFIXES) or name in _METADATA


def redirect(emulator: tuple[str, int]) -> None:
    """Sends this process's connections to AWS to the emulator at (host, port), from now on."""
    _redirect_names(emulator[0])
    _redirect_connections(emulator)


def _redirect_names(emulator_host: str) -> None:
    def resolving(resolve: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(resolve)
        def redirected(host: object, *rest: object, **named: object) -> Any:
            return resolve(_stand_in(host, emulator_host), *rest, **named)

        return redirected

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        setattr(socket, name, resolving(getattr(socket, name)))


def _stand_in(host: object, emulator_host: str) -> object:
    """What to resolve in place of a host."""
    name = _text(host).lower().removesuffix(".")
    if is_aws_name(name):
        return AWS_ADDRESS
    # `{api}.execute-api.localhost` and the like; resolvers differ on such names, or ask the Internet.
    return emulator_host if name.endswith(_OURS) else host


def _redirect_connections(emulator: tuple[str, int]) -> None:
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    @wraps(connect)
    def redirected(self: socket.socket, address: Any) -> None:
        connect(self, _destination(address, emulator))

    @wraps(connect_ex)
    def redirected_ex(self: socket.socket, address: Any) -> int:
        try:
            destination = _destination(address, emulator)
        except ConnectionRefusedError:
            return errno.ECONNREFUSED
        return connect_ex(self, destination)

    setattr(socket.socket, "connect", redirected)  # noqa: B010 - mypy takes a method for final
    setattr(socket.socket, "connect_ex", redirected_ex)  # noqa: B010


def _destination(address: Any, emulator: tuple[str, int]) -> Any:
    """Where a connection goes; ConnectionRefusedError for a port of AWS that is not served here."""
    if not isinstance(address, tuple) or len(address) < 2:
        return address
    host, port = _text(address[0]), address[1]
    if host != AWS_ADDRESS and not is_aws_name(host):
        return address
    if port in (*_PORTS, emulator[1]):
        return emulator
    raise ConnectionRefusedError(
        errno.ECONNREFUSED, f"{host}:{port} is AWS, which answers here on ports 80 and 443 only"
    )


def _text(host: object) -> str:
    if isinstance(host, bytes | bytearray):
        return host.decode("ascii", "replace")
    return host if isinstance(host, str) else ""
