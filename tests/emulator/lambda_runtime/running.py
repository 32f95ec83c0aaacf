"""A Lambda runtime with real processes, as tests of functions use it."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeVar

import uvloop

from harness.clock import Clock, RealClock
from harness.emulator.lambda_runtime.code import code_from_folder
from harness.emulator.lambda_runtime.debugging import Debugging
from harness.emulator.lambda_runtime.event_invoke_config import EventInvokeConfig
from harness.emulator.lambda_runtime.function import FunctionConfiguration, function_arn
from harness.emulator.lambda_runtime.outcome import Cause, FunctionError, Outcome, Returned
from harness.emulator.lambda_runtime.runtime import LambdaRuntime
from harness.emulator.letters import Letter
from harness.record.observation import (
    FunctionLogged,
    InvocationEnded,
    InvocationStarted,
    Observation,
    PlatformLogged,
)
from tests.patience import WAIT

REGION, ACCOUNT = "eu-west-1", "000000000000"
PATIENCE = WAIT
NO_CAUSE = Cause()
DEAD = "arn:aws:sqs:eu-west-1:000000000000:dead"

Seen = TypeVar("Seen", InvocationStarted, InvocationEnded, FunctionLogged, PlatformLogged)


class Observations:
    """What a runtime noted; waits, within bounds, until something has been seen."""

    def __init__(self) -> None:
        self.all: list[Observation] = []
        self.on_log: Callable[[FunctionLogged], None] = lambda _: None
        self._noted = asyncio.Event()

    def note(self, observation: Observation) -> None:
        self.all.append(observation)
        if isinstance(observation, FunctionLogged):
            self.on_log(observation)
        self._noted.set()

    def of(self, kind: type[Seen]) -> list[Seen]:
        return [observation for observation in self.all if isinstance(observation, kind)]

    async def seen(self, kind: type[Seen], count: int = 1) -> list[Seen]:
        async with asyncio.timeout(PATIENCE):
            while len(self.of(kind)) < count:
                self._noted.clear()
                await self._noted.wait()
        return self.of(kind)


class Lambda:
    """A runtime, its observations, and a folder for its functions."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        max_environments: int,
        account_concurrency: int = 1000,
        debugging: Debugging | None = None,
    ) -> None:
        self.observations = Observations()
        self.folder = folder
        self.idle = asyncio.Event()
        self.letters: list[Letter] = []
        self.announced: asyncio.Queue[str] = asyncio.Queue()
        self.runtime = LambdaRuntime(
            endpoint="http://127.0.0.1:4566",
            region=REGION,
            account=ACCOUNT,
            clock=clock,
            random=Random(7),
            note=self.observations.note,
            scratch=folder / "scratch",
            max_environments=max_environments,
            on_idle=self.idle.set,
            account_concurrency=account_concurrency,
            send=self.letters.append,
            debugging=debugging,
            announce=self.announced.put_nowait,
        )

    def deploy(
        self,
        source: str,
        *,
        name: str = "f",
        handler: str = "app.handler",
        runtime: str = "python3.13",
        timeout: int = 30,
        memory_size: int = 128,
        environment: dict[str, str] | None = None,
        reserved_concurrency: int | None = None,
        event_invoke_config: EventInvokeConfig | None = None,
    ) -> Path:
        """Deploys the source as `app.py` or `app.mjs` of a hot-reload folder, which it returns."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / ("app.py" if runtime.startswith("python") else "app.mjs")).write_text(source)
        self.runtime.put_function(
            FunctionConfiguration(
                name,
                function_arn(REGION, ACCOUNT, name),
                runtime,
                handler,
                code_from_folder(str(folder)),
                timeout=timeout,
                memory_size=memory_size,
                environment=environment or {},
                reserved_concurrency=reserved_concurrency,
                dead_letter_target=DEAD,
                event_invoke_config=event_invoke_config,
            )
        )
        return folder

    async def invoke(self, payload: object = None, *, name: str = "f", cause: Cause = NO_CAUSE) -> Outcome:
        async with asyncio.timeout(PATIENCE):
            return await self.runtime.invoke(name, json.dumps(payload).encode(), cause=cause)

    async def value(self, payload: object = None, *, name: str = "f") -> object:
        outcome = await self.invoke(payload, name=name)
        assert isinstance(outcome, Returned), outcome
        return json.loads(outcome.payload)

    async def error(self, payload: object = None) -> object:
        outcome = await self.invoke(payload)
        assert isinstance(outcome, FunctionError), outcome
        return json.loads(outcome.payload)


@asynccontextmanager
async def a_lambda(
    folder: Path,
    clock: Clock | None = None,
    max_environments: int = 8,
    account_concurrency: int = 1000,
    debugging: Debugging | None = None,
) -> AsyncIterator[Lambda]:
    aws = Lambda(folder, clock or RealClock(), max_environments, account_concurrency, debugging)
    try:
        yield aws
    finally:
        async with asyncio.timeout(PATIENCE):
            await aws.runtime.close()


def run(test: Callable[[], Coroutine[None, None, None]]) -> None:
    uvloop.run(test())


async def stopped(pid: int) -> None:
    """Returns when the process is stopped by a signal."""
    stop = partial(os.waitid, os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)
    async with asyncio.timeout(PATIENCE):
        await asyncio.get_running_loop().run_in_executor(None, stop)


ECHO = "def handler(event, context):\n    return event\n"
PID = "import os\ndef handler(event, context):\n    return os.getpid()\n"
RAISE = "def handler(event, context):\n    raise ValueError('no')\n"
HANG = "import threading\ndef handler(event, context):\n    print('here')\n    threading.Event().wait()\n"
