"""What `python -m localstack_host` says on a machine that lacks something, and how it ends what it started."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from localstack_host.host import DidNotStart, processes_of, running
from localstack_host.installation import Installation

ROOT = Path(__file__).parents[2]

# In the place of LocalStack's Python: starts a child in a session of its own, as LocalStack does, and answers.
PRETENDER = """#!{python}
import http.server, os, subprocess, sys


class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


root = os.environ["FILESYSTEM_ROOT"]
subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()", root], start_new_session=True)
if {ends}:
    sys.exit("it has no wish to run")
host, port = os.environ["GATEWAY_LISTEN"].split(":")
http.server.HTTPServer((host, int(port)), Healthy).serve_forever()
"""


def a_tool(folder: Path, name: str, text: str = "#!/bin/sh\nexit 0\n") -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def pretender(folder: Path, *, ends: bool) -> Installation:
    """An installation whose LocalStack only pretends to be one."""
    a_tool(folder, "python", PRETENDER.format(python=sys.executable, ends=ends))
    return Installation(folder / "python", folder)


def told(path: Path, cache: Path) -> tuple[int, str]:
    """Exit code and standard error of the command where only the tools in `path` are installed."""
    done = subprocess.run(
        [sys.executable, "-m", "localstack_host", "--cache", str(cache)],
        cwd=ROOT,
        env={"PATH": str(path), "HOME": str(cache)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stderr


OLD_JAVA = "#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n"

MISSING: list[tuple[Mapping[str, str], str]] = [
    ({}, "npm is missing: install Node.js 18 or newer"),
    ({"npm": ""}, "java is missing: install a JDK, version 17 or newer"),
    (
        {"npm": "", "java": OLD_JAVA},
        "javac is missing: install a whole JDK, version 17 or newer, as the runtime alone does not do",
    ),
    (
        {"npm": "", "java": OLD_JAVA, "javac": ""},
        "java is version 11: install a JDK, version 17 or newer",
    ),
]


@pytest.mark.parametrize(("tools", "says"), MISSING, ids=["npm", "java", "the compiler", "a newer java"])
def test_what_is_missing_is_told_in_one_line(tools: Mapping[str, str], says: str, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for name, text in tools.items():
        a_tool(tmp_path / "bin", name, text or "#!/bin/sh\nexit 0\n")
    assert told(tmp_path / "bin", tmp_path / "cache") == (2, f"localstack_host: {says}\n")


@pytest.mark.parametrize("killed", [False, True], ids=["in order", "after it was killed"])
def test_no_process_and_no_file_outlives_a_localstack(tmp_path: Path, killed: bool) -> None:
    with running(pretender(tmp_path, ends=False)) as localstack:
        assert len(processes_of(localstack.root)) == 1
        if killed:
            os.kill(localstack.process.pid, signal.SIGKILL)
    assert processes_of(localstack.root) == []
    assert not localstack.root.exists()


def test_a_localstack_that_ends_while_it_starts_is_told_with_its_last_words(tmp_path: Path) -> None:
    with (
        pytest.raises(DidNotStart, match="LocalStack ended while it was starting: it has no wish to run"),
        running(pretender(tmp_path, ends=True)),
    ):
        raise AssertionError("it started")
