"""No function's process outlives the emulator, however that one dies, even frozen."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

PATIENCE = 20.0

EMULATOR = """
import asyncio, sys
from pathlib import Path
from random import Random
from harness.clock import RealClock
from harness.emulator.lambda_runtime.code import code_from_folder
from harness.emulator.lambda_runtime.function import FunctionConfiguration
from harness.emulator.lambda_runtime.outcome import Cause
from harness.emulator.lambda_runtime.runtime import LambdaRuntime

async def main(folder):
    runtime = LambdaRuntime(
        endpoint="http://127.0.0.1:1", region="eu-west-1", account="0" * 12, clock=RealClock(),
        random=Random(1), note=lambda _: None, scratch=Path(folder, "scratch"),
    )
    code = code_from_folder(folder)
    runtime.put_function(FunctionConfiguration("f", "arn", "python3.13", "app.handler", code, timeout=60))
    frozen = await runtime.invoke("f", b"false", cause=Cause())
    await runtime.prewarm("f", 1)
    print(frozen.payload.decode(), flush=True)
    await runtime.invoke("f", b"true", cause=Cause())

asyncio.run(main(sys.argv[1]))
"""

FUNCTION = """
import os, pathlib, threading
def handler(event, context):
    if event:
        pathlib.Path("running").write_text(str(os.getpid()))
        os.rename("running", "running.pid")
        threading.Event().wait()
    return os.getpid()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_killing_the_emulator_kills_its_functions(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(FUNCTION)
    root = Path(__file__).parents[3]
    emulator = subprocess.Popen(
        [sys.executable, "-c", EMULATOR, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    with emulator:
        assert emulator.stdout is not None
        end = os.pidfd_open(int(emulator.stdout.readline()))
        emulator.kill()
    readable, _, _ = select.select([end], [], [], PATIENCE)
    os.close(end)
    assert readable == [end]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_process_whose_parent_is_not_the_emulator_ends_at_once() -> None:
    bootstrap = Path(__file__).parents[3] / "harness/emulator/lambda_runtime/bootstrap/python.py"
    ended = subprocess.run(
        [sys.executable, str(bootstrap), "1", "app.handler"], timeout=PATIENCE, check=False
    )
    assert ended.returncode == 1
