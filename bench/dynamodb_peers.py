"""Local DynamoDBs that are compared, and how each is had and started. Installed on first use into a cache folder."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError, URLError

from tests.oracle.dynamodb_local import OracleMissing, cache_folder, install

ROOT = Path(__file__).resolve().parent.parent
STARTS_WITHIN = 60.0  # seconds


class PeerMissing(Exception):
    """A peer cannot be had here, and why."""


@dataclass(frozen=True, slots=True)
class Command:
    """How a server is started on a port."""

    arguments: Sequence[str]
    folder: Path = ROOT
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens, and its process."""

    name: str
    port: int
    pid: int

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def ours(port: int) -> Command:
    return Command([sys.executable, "-m", "harness.emulator", "--port", str(port)])


def moto(port: int) -> Command:
    return Command(
        [_python_peer("moto_server", "moto[server,dynamodb]>=5.2,<6"), "-H", "127.0.0.1", "-p", str(port)]
    )


def ministack(port: int) -> Command:
    program = _python_peer("ministack", "ministack==1.5.33")
    return Command([program], environment={"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1"})


def dynalite(port: int) -> Command:
    prefix = _bench_folder() / "npm"
    program = prefix / "node_modules" / ".bin" / "dynalite"
    if not program.exists():
        if shutil.which("npm") is None:
            raise PeerMissing("there is no npm")
        _run(
            [
                "npm",
                "install",
                "--silent",
                "--no-audit",
                "--no-fund",
                "--prefix",
                str(prefix),
                "dynalite@4.0.0",
            ]
        )
    return Command([str(program), "--port", str(port), "--createTableMs", "0", "--deleteTableMs", "0"])


def dynamodb_local(port: int) -> Command:
    try:
        folder = install()
    except OracleMissing as missing:
        raise PeerMissing(str(missing)) from missing
    java = ["java", "-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar"]
    return Command([*java, "-inMemory", "-disableTelemetry", "-port", str(port)], folder)


SERVERS: Mapping[str, Callable[[int], Command]] = {
    "fanout-harness": ours,
    "DynamoDB Local": dynamodb_local,
    "dynalite 4.0.0": dynalite,
    "moto server": moto,
    "ministack 1.5.33": ministack,
}
"""Ours first."""


@contextmanager
def running(name: str) -> Iterator[Running]:
    """The server, until it is no longer needed; raises PeerMissing with the reason when it cannot be had."""
    port = _free_port()
    command = SERVERS[name](port)
    process = subprocess.Popen(
        list(command.arguments),
        cwd=command.folder,
        env={**os.environ, **command.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(name, port, process)
        yield Running(name, port, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _bench_folder() -> Path:
    return cache_folder() / "bench"


def _python_peer(program: str, requirement: str) -> str:
    folder = _bench_folder() / "venv"
    if not (folder / "bin" / program).exists():
        if not (folder / "bin" / "python").exists():
            venv.create(folder, with_pip=True)
        _run([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", requirement])
    return str(folder / "bin" / program)


def _run(arguments: Sequence[str]) -> None:
    done = subprocess.run(list(arguments), capture_output=True, text=True)
    if done.returncode != 0:
        raise PeerMissing(f"{arguments[0]} failed: {done.stderr.strip()[-200:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(name: str, port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        if process.poll() is not None:
            raise PeerMissing(f"{name} ended at once with exit code {process.returncode}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).read()
            return
        except HTTPError:
            return  # it answers
        except (URLError, OSError):
            time.sleep(0.1)
    raise PeerMissing(f"{name} did not answer within {STARTS_WITHIN:.0f} s")
