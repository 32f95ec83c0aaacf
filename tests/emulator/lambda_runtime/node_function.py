"""One function in Node, in real processes over the Runtime API, and what came of its invocations."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import uvloop

from harness.clock import Clock, RealClock
from harness.emulator.lambda_runtime.code import code_from_folder
from harness.emulator.lambda_runtime.function import FunctionConfiguration, function_arn
from harness.emulator.lambda_runtime.outcome import Cause, FunctionError, Outcome, Returned
from harness.emulator.lambda_runtime.runtime import LambdaRuntime
from harness.record.observation import FunctionLogged, Observation
from tests.patience import WAIT

REGION, ACCOUNT = "eu-west-1", "000000000000"
ARN = function_arn(REGION, ACCOUNT, "f")

Files = Mapping[str, str]


class NodeFunction:
    """A runtime with one function, and what was noted of it."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self.code = folder / "code"
        self.noted: list[Observation] = []
        self.on_line: Callable[[FunctionLogged], None] = lambda _: None
        self.runtime = LambdaRuntime(
            endpoint="http://127.0.0.1:4566",
            region=REGION,
            account=ACCOUNT,
            clock=clock or RealClock(),
            random=Random(7),
            note=self._note,
            scratch=folder / "scratch",
        )

    def _note(self, observation: Observation) -> None:
        self.noted.append(observation)
        if isinstance(observation, FunctionLogged):
            self.on_line(observation)

    def write(self, files: Files) -> None:
        for name, text in files.items():
            file = self.code / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def deploy(
        self, files: Files | str, handler: str = "app.handler", *, timeout: int = 30, **environment: str
    ) -> None:
        """Deploys the files, or one text as `app.js`, as a hot-reload folder."""
        self.code.mkdir(exist_ok=True)
        self.write({"app.js": files} if isinstance(files, str) else files)
        code = code_from_folder(str(self.code))
        self.runtime.put_function(
            FunctionConfiguration(
                "f", ARN, "nodejs20.x", handler, code, timeout=timeout, environment=environment
            )
        )

    async def invoke(self, payload: object = None, client_context: str | None = None) -> Outcome:
        async with asyncio.timeout(WAIT):
            body = json.dumps(payload).encode()
            return await self.runtime.invoke("f", body, cause=Cause(), client_context=client_context)

    async def value(self, payload: object = None) -> object:
        outcome = await self.invoke(payload)
        assert isinstance(outcome, Returned), outcome
        return json.loads(outcome.payload)

    async def error(self, payload: object = None) -> dict[str, object]:
        outcome = await self.invoke(payload)
        assert isinstance(outcome, FunctionError), outcome
        error = json.loads(outcome.payload)
        assert isinstance(error, dict)
        return error

    def lines(self) -> list[str]:
        return [seen.line for seen in self.noted if isinstance(seen, FunctionLogged)]


@asynccontextmanager
async def a_node_function(folder: Path, clock: Clock | None = None) -> AsyncIterator[NodeFunction]:
    function = NodeFunction(folder, clock)
    try:
        yield function
    finally:
        async with asyncio.timeout(WAIT):
            await function.runtime.close()


def value_of(
    folder: Path, files: Files | str, handler: str = "app.handler", payload: object = None
) -> object:
    async def once() -> object:
        async with a_node_function(folder) as function:
            function.deploy(files, handler)
            return await function.value(payload)

    return uvloop.run(once())


def error_of(folder: Path, files: Files | str, handler: str = "app.handler") -> dict[str, object]:
    async def once() -> dict[str, object]:
        async with a_node_function(folder) as function:
            function.deploy(files, handler)
            return await function.error()

    return uvloop.run(once())
