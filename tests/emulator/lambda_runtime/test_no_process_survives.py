"""No function's process outlives the emulator, however that one dies, even frozen."""

import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.emulator.lambda_runtime.bootstrap import COMMANDS
from tests.patience import WAIT

EMULATOR = """
import asyncio, sys
from pathlib import Path
from random import Random
from harness.clock import RealClock
from harness.emulator.lambda_runtime.code import code_from_folder
from harness.emulator.lambda_runtime.function import FunctionConfiguration
from harness.emulator.lambda_runtime.outcome import Cause
from harness.emulator.lambda_runtime.runtime import LambdaRuntime
from harness.record.observation import FunctionLogged

async def main(folder, runtime_name, payload):
    def note(seen):
        if isinstance(seen, FunctionLogged):
            print(seen.line, flush=True)

    runtime = LambdaRuntime(
        endpoint="http://127.0.0.1:1", region="eu-west-1", account="0" * 12, clock=RealClock(),
        random=Random(1), note=note, scratch=Path(folder, "scratch"),
    )
    code = code_from_folder(folder)
    runtime.put_function(FunctionConfiguration("f", "arn", runtime_name, "app.handler", code, timeout=60))
    await runtime.invoke("f", payload.encode(), cause=Cause())
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""

FUNCTION = """
import os, threading
def handler(event, context):
    print(os.getpid())
    if event == "hang":
        threading.Event().wait()
"""


NODE_FUNCTION = """
exports.handler = async (event) => {
  process.stdout.write(`${process.pid}\\n`);
  if (event === 'hang') for (;;) ;
};
"""

FUNCTIONS = {"python3.13": ("app.py", FUNCTION), "nodejs22.x": ("app.js", NODE_FUNCTION)}


def wait_until_stopped(pid: int) -> None:
    """Returns when the process, a stranger's child, is in state T."""
    deadline = time.monotonic() + WAIT
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < deadline, "the environment was not frozen"
        os.sched_yield()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
@pytest.mark.parametrize("state", ["hang", "frozen"])
@pytest.mark.parametrize("runtime", FUNCTIONS)
def test_killing_the_emulator_kills_its_functions(tmp_path: Path, runtime: str, state: str) -> None:
    if runtime.startswith("nodejs") and shutil.which("node") is None:
        pytest.skip("node is not installed")
    name, source = FUNCTIONS[runtime]
    (tmp_path / name).write_text(source)
    root = Path(__file__).parents[3]
    emulator = subprocess.Popen(
        [sys.executable, "-c", EMULATOR, str(tmp_path), runtime, f'"{state}"'],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    with emulator:
        assert emulator.stdout is not None
        pid = int(emulator.stdout.readline())
        end = os.pidfd_open(pid)
        if state == "frozen":
            wait_until_stopped(pid)
        emulator.kill()
    readable, _, _ = select.select([end], [], [], WAIT)
    os.close(end)
    assert readable == [end]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
@pytest.mark.parametrize("family", COMMANDS)
def test_a_process_whose_parent_is_not_the_emulator_ends_at_once(family: str) -> None:
    ended = subprocess.run(COMMANDS[family](1, "app.handler", ()), timeout=WAIT, check=False)
    assert ended.returncode == 1
