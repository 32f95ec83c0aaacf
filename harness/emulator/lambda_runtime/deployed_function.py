"""Deployed function: its configuration, and all that waits and lives for it while it is deployed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.emulator.lambda_runtime.code import Fingerprint
from harness.emulator.lambda_runtime.execution_environment import ExecutionEnvironment
from harness.emulator.lambda_runtime.function import FunctionConfiguration
from harness.emulator.lambda_runtime.outcome import Cause, Outcome, RequestId
from harness.emulator.lambda_runtime.pool import Pool
from harness.emulator.lambda_runtime.sandbox import Sandbox


@dataclass(eq=False, slots=True)
class Queued:
    """An invocation on its way; `settle` is called once, with its outcome."""

    request: RequestId
    deployed: "Deployed"
    payload: bytes
    cause: Cause
    settle: Callable[[Outcome], None]
    client_context: str | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class Prewarm:
    """An order for an environment that no invocation asked for; the error JSON of its INIT, None when all is well."""

    initialised: "asyncio.Future[bytes | None]"
    keep: bool

    def resolve(self, error: bytes | None) -> None:
        """Tells who waits; a second call changes nothing."""
        if not self.initialised.done():
            self.initialised.set_result(error)


@dataclass(eq=False, slots=True)
class Deployed:
    """A function and all that lives for it; environments of an older `generation` are not used any more.

    `sandboxes` are those whose process has ended: the next environment gets one of them (L-7).
    """

    function: FunctionConfiguration
    pool: Pool[ExecutionEnvironment, Queued]
    generation: int = 0
    is_patient: bool = False
    fingerprint: Fingerprint = (0, 0, 0)
    prewarms: list[Prewarm] = field(default_factory=list)
    sandboxes: list[Sandbox] = field(default_factory=list)

    def resolve_prewarms(self) -> None:
        """No further environment is started ahead: who ordered one is told that all is well."""
        while self.prewarms:
            self.prewarms.pop().resolve(None)
