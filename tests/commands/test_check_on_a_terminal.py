"""What `harness check` shows on a terminal of eighty columns, and what it writes into a pipe."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from harness.errors import ExitCode
from harness.record.store import RunDescription, RunFolder
from harness.scenario.loader import to_json
from tests.checks.histories import a_client, a_history, a_message, a_scenario, an_event, its_connection
from tests.end_to_end.command import ROOT
from tests.patience import WAIT

CHANNEL = "account.0xd8da6bf26964af9d7eed9e03e53415d37aa96045"
CLIENTS = [f"trader-{number}-of-the-desk-with-a-long-name" for number in range(3)]
_STYLE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture(scope="module")
def a_red_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of four deliveries came, late; the others never did."""
    scenario = a_scenario(
        clients={name: {"subscribe": CHANNEL} for name in CLIENTS},
        expect={"latency": ["p95 < 1s"]},
    )
    events = [an_event(f"e{n}", kind="balanceUpdate", channel=CHANNEL, at=11.0 + n) for n in range(2)]
    seen = a_history(
        *(a_client(name, channel=CHANNEL) for name in CLIENTS),
        *(its_connection(name) for name in CLIENTS),
        *events,
        a_message(CLIENTS[0], events[0], after=20.25),
    )
    run = RunFolder.create(tmp_path_factory.mktemp("runs"), started_at=0.0)
    folder = run.add_scenario("red")
    folder.write_scenario(to_json(scenario))
    with folder.open_history() as history:
        history.append_all(seen.each())
    run.describe(RunDescription("0", 0.0, "embedded", "dex", ("red",)))
    return run.path


def on_a_terminal(*arguments: str, columns: int) -> list[str]:
    """The lines that a person sees, without their colours."""
    person, device = pty.openpty()
    fcntl.ioctl(device, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *arguments],
        cwd=ROOT,
        env={**environment, "TERM": "xterm"},
        stdin=device,
        stdout=device,
        stderr=device,
    )
    os.close(device)
    shown = b""
    try:
        while more := os.read(person, 65_536):
            shown += more
    except OSError:  # Linux tells so that the other end is closed
        pass
    os.close(person)
    assert process.wait(WAIT) == ExitCode.FAIL
    return [line.rstrip() for line in _STYLE.sub("", shown.decode()).splitlines()]


def test_at_eighty_columns_every_figure_is_whole_and_no_id_is_cut(a_red_run: Path) -> None:
    lines = on_a_terminal("check", str(a_red_run), columns=80)

    own = [line for line in lines[2:] if str(a_red_run) not in line]  # which run it is stands above
    assert max(map(len, own)) <= 80
    (figures,) = [line for line in own if "missing)" in line]
    assert figures.split()[-6:] == ["(5", "missing)", "∞", "∞", "∞", "∞"]
    assert CHANNEL in "".join(own).replace(" ", "")
    assert not [line for line in own if "…" in line and "more" not in line]


def test_into_a_pipe_go_whole_lines_that_grep_finds(a_red_run: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "harness", "check", str(a_red_run)],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )

    assert (done.returncode, done.stderr) == (ExitCode.FAIL, "")
    lines = done.stdout.splitlines()
    assert lines == [line.rstrip() for line in lines]
    assert max(map(len, lines)) > 100
    (row,) = [line for line in lines if line.startswith(f"    balanceUpdate on {CHANNEL}  ")]
    assert row.split()[-6:] == ["(5", "missing)", "∞", "∞", "∞", "∞"]
    assert re.findall(r"never received .*\[[0-9a-f]{8}\]$", done.stdout, re.MULTILINE)
