"""What a run leaves on disk: small, numbered from its beginning to its end, sealed; and what it ends before that."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.record.history import History
from harness.record.observation import ConnectionPosted, InvocationStarted, MessageReceived, RowsFound
from harness.record.store import RunFolder
from tests.end_to_end.command import Ended

MOST_BYTES_A_PUSH = 150

CLAIM = """
scenario: Everybody sees every trade
clients: {btc: {count: 12, subscribe: market.BTC-PERP}}
timeline:
  - {at: 0s, publish: {type: trade, market: BTC-PERP, price: "64523.5", size: "0.1"}, every: 50ms, for: 2s}
"""

# Starts a process of its own that posts twelve seconds later, and does not wait for it.
LEAVES_A_PROCESS = """
import os, subprocess, sys
from pathlib import Path
from dex.ws.fan_out import handler as fan_out

LATER = "import time; time.sleep(12); print('too late', flush=True)"
PIDS = Path(__file__).with_name("pids")

def handler(event, context):
    own_group = {"start_new_session": os.environ["AWS_LAMBDA_FUNCTION_NAME"] == "dex-fan_out"}
    started = [subprocess.Popen([sys.executable, "-c", LATER], **own_group)]
    started.append(subprocess.Popen([sys.executable, "-c", LATER], env={}))
    with PIDS.open("a") as file:
        file.writelines(f"{one.pid}\\n" for one in started)
    return fan_out(event, context)
"""


@pytest.fixture
def history_of(
    harness: Callable[..., Ended], stack_with: Callable[..., Path], tmp_path: Path
) -> Callable[..., tuple[History, Path]]:
    """Runs the claim and gives its history, and the file that holds it."""

    def run(**handlers: str) -> tuple[History, Path]:
        claim = tmp_path / "claim.yaml"
        claim.write_text(CLAIM)
        stack = stack_with(code=tmp_path, **handlers)
        ended = harness("run", "--stack", str(stack), "--runs", str(tmp_path / "runs"), str(claim))
        assert ended.exit_code in (0, 1), ended.stderr
        (folder,) = RunFolder.open(tmp_path / "runs" / "latest").scenarios()
        return folder.read_history(), folder.history_path

    return run


def test_a_run_records_from_its_beginning_to_its_end_and_seals_it(
    history_of: Callable[..., tuple[History, Path]],
) -> None:
    history, path = history_of()

    assert (history.began, history.ended, history.torn, history.gaps) == (True, True, False, ())
    assert (history.sealed, history.changed) == (True, False)
    lines = path.read_bytes().splitlines(keepends=True)
    messages = len(list(history.each(MessageReceived)))
    pushes = [line for line in lines if line.startswith((b'["MessageReceived"', b'["ConnectionPosted"'))]
    texts = [line for line in lines if line.startswith((b'["=",', b'["~",'))]
    assert messages == len(list(history.each(ConnectionPosted))) >= 12 * 40
    assert sum(map(len, pushes)) / messages <= MOST_BYTES_A_PUSH, "with their texts"
    assert sum(map(len, [*pushes, *texts])) / messages <= 200, "with their texts"


def test_what_functions_left_running_has_ended_with_the_run(
    history_of: Callable[..., tuple[History, Path]], tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(LEAVES_A_PROCESS)
    (tmp_path / "dex").symlink_to(Path(__file__).parents[2] / "dex")

    history, _ = history_of(fan_out="mine.handler")

    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2 * sum(one.function == "dex-fan_out" for one in history.of(InvocationStarted)) > 0
    assert [pid for pid in pids if os.path.exists(f"/proc/{pid}")] == []  # noqa: PTH110 - no path of ours
    assert len(history.of(RowsFound)) == 1
