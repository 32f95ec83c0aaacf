"""A stranger's emulator on loopback (ministack, from PyPI), for tests; skips them where it is not installed.

It has pins that are not ours, so that `make test` installs it beside, in .ministack; $HARNESS_MINISTACK names its
command elsewhere.
"""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.backends.conftest import Endpoint
from tests.end_to_end.command import ROOT

COMMAND = Path(os.environ.get("HARNESS_MINISTACK") or ROOT / ".ministack/bin/ministack")
START_TIMEOUT = 60.0


@pytest.fixture(scope="module")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    if not COMMAND.is_file():
        pytest.skip(f"ministack is not installed ({COMMAND} is not there)")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("ministack")
    environment = {**os.environ, "GATEWAY_PORT": str(port), "MINISTACK_HOST": "127.0.0.1"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([COMMAND], cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/_ministack/health", process)
        yield Endpoint(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        process.wait(30.0)


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urlopen(url, timeout=5.0).close()
        except (URLError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError("ministack did not start")
