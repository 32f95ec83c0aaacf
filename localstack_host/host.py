"""LocalStack on loopback without Docker: started, waited for, and ended with every process that it started."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from localstack_host.installation import Installation

SERVICES = "sns,sqs,dynamodb,iam,sts"
START_TIMEOUT = 90.0
STOP_TIMEOUT = 20.0

_INSIDE = Path(__file__).with_name("inside.py")
_ASK_AGAIN = 0.1


class DidNotStart(Exception):
    """LocalStack ended or stayed silent; the message holds the last of what it logged."""


@dataclass(frozen=True, slots=True)
class LocalStack:
    """A running LocalStack: its endpoint, its process, and the folder that holds all its state."""

    endpoint: str
    process: "subprocess.Popen[bytes]"
    root: Path

    @property
    def log(self) -> Path:
        """What it printed."""
        return self.root / "log"


@contextmanager
def running(installation: Installation, *, port: int = 0) -> Iterator[LocalStack]:
    """A LocalStack that answers, on a free port for 0; none of its processes and files outlives the context.

    DidNotStart when it ends or does not answer.
    """
    root = Path(tempfile.mkdtemp(prefix="fanout-harness-localstack-"))
    localstack = _start(installation, root, port or _free_port())
    try:
        _wait_until_it_answers(localstack)
        yield localstack
    finally:
        _stop(localstack)
        shutil.rmtree(root, ignore_errors=True)


def _start(installation: Installation, root: Path, port: int) -> LocalStack:
    packages = root / "var/lib/localstack/lib"
    packages.parent.mkdir(parents=True)
    packages.symlink_to(installation.packages)
    with (root / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(installation.python), str(_INSIDE)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(root, port),
            cwd=root,
            start_new_session=True,  # Ctrl-C is for us, who then end it in order
        )
    return LocalStack(f"http://127.0.0.1:{port}", process, root)


def _environment(root: Path, port: int) -> dict[str, str]:
    """All of its files below `root`, which it takes for granted only when it believes itself outside Docker."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))},
        "OVERRIDE_IN_DOCKER": "0",
        "FILESYSTEM_ROOT": str(root),
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "SERVICES": SERVICES,
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DISABLE_EVENTS": "1",
        "DNS_ADDRESS": "0",
    }


def _wait_until_it_answers(localstack: LocalStack) -> None:
    until = time.monotonic() + START_TIMEOUT
    while not _answers(localstack.endpoint):
        if localstack.process.poll() is not None:
            raise DidNotStart(f"LocalStack ended while it was starting: {_last_words(localstack.log)}")
        if time.monotonic() > until:
            raise DidNotStart(
                f"LocalStack did not answer within {START_TIMEOUT:.0f} s: {_last_words(localstack.log)}"
            )
        threading.Event().wait(_ASK_AGAIN)


def _answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_localstack/health", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _stop(localstack: LocalStack) -> None:
    """As after Ctrl-C, and by force what is left then; DynamoDB Local is a session of its own."""
    process = localstack.process
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    assert process.stdin is not None
    process.stdin.close()
    for left in processes_of(localstack.root):
        os.kill(left, signal.SIGKILL)


def processes_of(root: Path) -> list[int]:
    """The processes whose command line names the folder: nobody else's does."""
    listed = subprocess.run(["ps", "-eww", "-o", "pid=,args="], capture_output=True, text=True, check=True)  # noqa: S607
    found = (line.split(maxsplit=1) for line in listed.stdout.splitlines() if str(root) in line)
    return [int(pid) for pid, _ in found]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return " | ".join(lines[-3:]) or "it said nothing"
