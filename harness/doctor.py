"""Whether this machine has what a run needs, each finding with what to do about it."""

import resource
import socket
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

CLIENTS_WANTED = 4096


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    good: bool


def examine() -> tuple[Finding, ...]:
    """Looks at the interpreter, the packages, the open-file limit, loopback and the emulator itself."""
    return (_python(), *map(_package, ("awslambdaric", "moto", "uvloop", "websockets")), _open_files(), _port())


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    return Finding(f"Python {found} (3.11 or newer is needed)", sys.version_info >= (3, 11))


def _package(name: str) -> Finding:
    try:
        return Finding(f"{name} {version(name)}", good=True)
    except PackageNotFoundError:
        return Finding(f"{name} is not installed: pip install fanout-harness", good=False)


def _open_files() -> Finding:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = hard == resource.RLIM_INFINITY or hard >= CLIENTS_WANTED
    advice = "" if enough else f": more than {hard - 200} clients need `ulimit -Hn {CLIENTS_WANTED}`"
    return Finding(f"open files: {hard} allowed{advice}", enough)


def _port() -> Finding:
    with socket.socket() as probe:
        taken = probe.connect_ex(("127.0.0.1", 4566)) == 0
    if taken:
        return Finding("port 4566 is in use: `harness up` needs --port; `harness run` takes a free one", good=True)
    return Finding("port 4566 is free for `harness up`", good=True)
