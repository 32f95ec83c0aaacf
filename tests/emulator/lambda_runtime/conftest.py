"""A Lambda runtime over small handler folders, for tests that start real processes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Protocol

import pytest

from harness.clock import Clock, RealClock
from harness.emulator.lambda_runtime.code import code_from_folder
from harness.emulator.lambda_runtime.function import FunctionConfiguration, function_arn
from harness.emulator.lambda_runtime.runtime import LambdaRuntime
from harness.record.observation import Observation

REGION, ACCOUNT = "eu-west-1", "000000000000"
PATIENCE = 20.0


class Observations:
    """What a runtime noted; waits, within bounds, until something has been seen."""

    def __init__(self) -> None:
        self.all: list[Observation] = []
        self.listeners: list[Callable[[Observation], None]] = []
        self._noted = asyncio.Event()

    def note(self, observation: Observation) -> None:
        self.all.append(observation)
        for listener in self.listeners:
            listener(observation)
        self._noted.set()

    def of[T: Observation](self, kind: type[T]) -> list[T]:
        return [observation for observation in self.all if isinstance(observation, kind)]

    async def seen[T: Observation](self, kind: type[T], count: int = 1) -> list[T]:
        async with asyncio.timeout(PATIENCE):
            while len(self.of(kind)) < count:
                self._noted.clear()
                await self._noted.wait()
        return self.of(kind)
