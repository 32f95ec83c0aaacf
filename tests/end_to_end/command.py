"""The `harness` command as a user starts it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.patience import WAIT

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str


class Command:
    """A running `harness` command; its end fails the test when it leaves a process behind."""

    def __init__(
        self,
        arguments: Sequence[str],
        folder: Path,
        cwd: Path,
        *,
        stdin: int = subprocess.DEVNULL,
        module: str = "harness",
    ) -> None:
        self._pid_file = folder / "pid"
        watched = [sys.executable, str(HERE / "orphanage.py"), str(self._pid_file)]
        self.process = subprocess.Popen(
            [*watched, sys.executable, "-m", module, *arguments],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "COLUMNS": "100"},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, text: str) -> str:
        """Reads standard output up to the line that holds `text`, and returns what was read."""
        return self._read(lambda line: text in line, text)

    def read_until(self, last: str) -> str:
        """Reads standard output up to the line that is `last`, and returns what was read."""
        return self._read(lambda line: line == last, last)

    def _read(self, ends: Callable[[str], bool], text: str) -> str:
        assert self.process.stdout is not None
        read = ""
        for line in self.process.stdout:
            read += line
            if ends(line):
                return read
        raise AssertionError(f"{text!r} never came; it said {read!r} and {self.end().stderr!r}")

    def send(self, number: signal.Signals) -> None:
        """Sends the signal to the command itself."""
        os.kill(int(self._pid_file.read_text()), number)

    def end(self, timeout: float = 4 * WAIT) -> Ended:
        """Waits for the command's end."""
        stdout, stderr = self.process.communicate(timeout=timeout)
        assert self.process.returncode != 99, stderr
        return Ended(self.process.returncode, stdout, stderr)


def summary_of(folder: Path) -> Any:
    """What the newest run below the folder says in its summary.json."""
    return json.loads((folder / "runs/latest/summary.json").read_text())
