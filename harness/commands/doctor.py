"""`harness doctor`: what a run needs of this machine, each thing with what to do where it is missing."""

import argparse
import resource
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from harness.commands.printing import say, terminal
from harness.emulator.lambda_runtime.node import (
    installed_packages,
    installed_version,
    node_problem,
    node_version,
)
from harness.errors import BackendError, ExitCode

EXAMPLES = """\
  harness doctor                               what a run needs, a line each; exit code 4 when it lacks something
  harness doctor | grep ^NO                    what is missing, and what to do about it
"""

CLIENTS_WANTED = 4096
PACKAGES = ("awslambdaric", "boto3", "moto", "uvloop", "websockets")
PORT = 4566
SDK = "@aws-sdk/client-dynamodb"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Takes nothing."""


def execute(options: argparse.Namespace) -> ExitCode:
    """Says what was looked at, a line each; BROKEN when a run would lack something."""
    console = terminal()
    examined = examine()
    say(console, *(f"{'ok  ' if one.good else 'NO  '}{one.what}" for one in examined))
    return ExitCode.PASS if all(one.good for one in examined) else ExitCode.BROKEN


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing that was looked at; `what` says what to do where it is not `good`."""

    what: str
    good: bool


def examine() -> tuple[Examined, ...]:
    """Looks at the interpreter, packages, Node, the open-file limit and the port, and starts the emulator once."""
    return (_python(), *map(_package, PACKAGES), *_node(), _open_files(), _port(), _emulator())


def _python() -> Examined:
    found = ".".join(map(str, sys.version_info[:3]))
    return Examined(f"Python {found} (3.11 or newer is needed)", sys.version_info >= (3, 11))


def _package(name: str) -> Examined:
    try:
        return Examined(f"{name} {version(name)}", good=True)
    except PackageNotFoundError:
        return Examined(f"{name} is not installed: pip install fanout-harness", good=False)


def _node() -> Iterator[Examined]:
    """Nothing here is bad: functions in Python need none of it."""
    problem = node_problem()
    if problem is not None:
        yield Examined(f"functions in JavaScript and TypeScript cannot run: {problem}", good=True)
        return
    yield Examined(f"Node.js {node_version()}", good=True)
    npm = shutil.which("npm")
    yield Examined(f"npm: {npm or 'there is none on the PATH; `harness install-sdk` needs it'}", good=True)
    for package, use in (("esbuild", "esbuild for TypeScript"), (SDK, "the AWS SDK")):
        version = installed_version(package)
        where = f"in {installed_packages()}"
        advice = f": functions need {use} in their own node_modules, or `harness install-sdk`"
        yield Examined(
            f"{package} {version} {where}" if version else f"no {package} {where}{advice}", good=True
        )


def _open_files() -> Examined:
    """A run raises the soft limit by itself, up to the hard one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        return Examined("open files: as many as you like", good=True)
    enough = hard >= CLIENTS_WANTED
    advice = "" if enough else f": more than {hard - 200} clients need `ulimit -Hn {CLIENTS_WANTED}`"
    return Examined(f"open files: {hard} allowed{advice}", enough)


def _port() -> Examined:
    with socket.socket() as probe:
        taken = probe.connect_ex(("127.0.0.1", PORT)) == 0
    if taken:
        return Examined(
            f"port {PORT} is in use: `harness up` needs --port; `harness run` takes a free one", good=True
        )
    return Examined(f"port {PORT} is free for `harness up`", good=True)


def _emulator() -> Examined:
    from harness.backends.embedded import EmbeddedBackend
    from harness.event_loop import run as run_event_loop

    async def start_and_stop() -> float:
        begun_at = time.monotonic()
        async with EmbeddedBackend(region="us-east-1"):
            return time.monotonic() - begun_at

    try:
        return Examined(f"the emulator starts, in {run_event_loop(start_and_stop()):.1f} s", good=True)
    except BackendError as error:
        return Examined(f"the emulator does not start: {error}", good=False)
