"""Execution environment: a process, its Runtime API, one invocation at a time, frozen in between (L-3, L-5).

It starts, runs what it is handed, and tells its owner what happens; which environment runs what is decided in
`runtime`.
"""

import asyncio
import signal
from collections.abc import Callable, Mapping
from typing import Protocol

from harness.clock import Clock, TimerHandle
from harness.emulator.lambda_runtime.debugging import PATIENCE
from harness.emulator.lambda_runtime.function import FunctionConfiguration
from harness.emulator.lambda_runtime.memory import LOOK_EVERY, MEGABYTE
from harness.emulator.lambda_runtime.outcome import RequestId
from harness.emulator.lambda_runtime.payloads import (
    ErrorReported,
    Exited,
    Failure,
    NotStarted,
    ResponseTooLarge,
    TimedOut,
)
from harness.emulator.lambda_runtime.process import FunctionProcess
from harness.emulator.lambda_runtime.runtime_api import (
    AskedNext,
    Failed,
    FailedToInitialise,
    Invocation,
    Responded,
    RespondedTooMuch,
    Step,
)
from harness.emulator.lambda_runtime.runtime_endpoint import RuntimeEndpoint
from harness.emulator.lambda_runtime.sandbox import Sandbox

INIT_TIMEOUT = 10.0
"""Seconds that INIT may take before it is run again under the function's timeout (L-4)."""


_KILLED = Exited(-signal.SIGKILL)
"""How a process ends that uses more memory than its function has (L-24)."""


class EnvironmentOwner(Protocol):
    """Who is told what happens in an environment."""

    def environment_ready(self, environment: "ExecutionEnvironment") -> None:
        """It is initialised, or done with its invocation, and takes the next one."""

    def environment_failed(self, environment: "ExecutionEnvironment", failure: Failure) -> None:
        """INIT failed; the environment is at its end."""

    def environment_lost(self, environment: "ExecutionEnvironment") -> None:
        """The process ended although no invocation was running; the environment is at its end."""

    def invocation_ended(self, environment: "ExecutionEnvironment", result: bytes | Failure) -> None:
        """The invocation returned JSON or failed; after a failure that `ends_environment`, so does this."""

    def environment_logged(
        self, environment: "ExecutionEnvironment", line: str, request: RequestId | None
    ) -> None:
        """The process wrote a line, while `request` ran."""


def ends_environment(result: bytes | Failure) -> bool:
    """Whether an invocation that ended so leaves no process that could take another (L-7)."""
    return isinstance(result, TimedOut | Exited)


class ExecutionEnvironment:
    """A process of one function.

    `generation` tells which configuration and code it was started with, `prewarmed` that no invocation asked for
    it, `invocations` how many it was handed, `request` which one it runs now, `most_memory` how many bytes its
    process had at its peak. What is in its `sandbox` is removed in the end, unless it is passed on.

    It raises nothing: whatever goes wrong is told to the owner, once. After `environment_failed`, `environment_lost`
    and a result that `ends_environment` it is at its end, takes nothing more, and `wait_gone` returns.
    """

    def __init__(
        self,
        function: FunctionConfiguration,
        *,
        generation: int,
        prewarmed: bool,
        access_key_id: str,
        secret_access_key: str = "",
        command: tuple[str, ...],
        variables: Callable[[str], Mapping[str, str]],
        sandbox: Sandbox,
        clock: Clock,
        owner: EnvironmentOwner,
        debugged: bool = False,
    ) -> None:
        """`variables` gives the process's environment variables for the Runtime API's address.

        `debugged`: time-outs wait, and the process is not frozen.
        """
        self.function = function
        self.generation = generation
        self.prewarmed = prewarmed
        self.access_key_id = access_key_id
        self.secret_access_key = secret_access_key
        self.init_duration = 0.0
        self.invocations = 0
        self.request: RequestId | None = None
        self._command, self._variables = command, variables
        self.sandbox = sandbox
        self.sandbox_is_passed_on = False
        self.most_memory = 0
        self._debugged = debugged
        self._clock, self._owner = clock, owner
        self._endpoint = RuntimeEndpoint(self._runtime_said, self._runtime_hung_up)
        self._process: FunctionProcess | None = None
        self._processes: list[FunctionProcess] = []
        self._timer: TimerHandle | None = None
        self._look: TimerHandle | None = None
        self._initialised = False
        self._init_again_until: float | None = None
        self._ended = False
        self._at_its_end = asyncio.Event()
        self._started_at = 0.0
        self._address = ""
        self._init_again: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Starts the process; the owner hears of `ready` or `failed` in time."""
        try:
            self.sandbox.folder.mkdir(parents=True, exist_ok=True)
            self._address = await self._endpoint.open()
        except OSError as error:
            self._fail(NotStarted(str(error)))
            return
        if self._ended:
            self._endpoint.close()
            return
        seconds = PATIENCE if self._debugged else INIT_TIMEOUT
        await self._start_process(seconds, self._init_took_too_long)

    def begin(self, invocation: Invocation) -> None:
        """Hands over an invocation and starts its timeout; only for an environment that is ready."""
        seconds = self.time_allowed()
        self.request = invocation.request
        self.invocations += 1
        self._init_again_until = None
        self._timer = self._clock.call_later(seconds, self._timed_out)
        self._look_later()
        assert self._process is not None
        self._process.thaw()
        self._endpoint.hand(invocation)

    def time_allowed(self) -> float:
        """Seconds for the next invocation: the function's timeout, less an INIT that was run again in it."""
        if self._debugged:
            return PATIENCE
        if self._init_again_until is None:
            return float(self.function.timeout)
        return max(0.0, self._init_again_until - self._clock.monotonic())

    @property
    def pid(self) -> int | None:
        """The process id of its runtime, None when it has not been started."""
        return None if self._process is None else self._process.pid

    def freeze(self) -> None:
        """Stops the process until the next invocation."""
        if self._process is not None and not self._ended and not self._debugged:
            self._process.freeze()

    def kill(self) -> None:
        """Ends the environment; the owner is not told."""
        self._ended = True
        self._at_its_end.set()
        self._cancel_timer()
        self._endpoint.close()
        if self._process is not None:
            self._process.kill()

    async def wait_gone(self) -> None:
        """Returns when the environment is at its end and every process too; clears up behind them."""
        await self._at_its_end.wait()
        for process in self._processes:
            await process.wait()
        if self._init_again is not None:
            await self._init_again
            await self._processes[-1].wait()
        if not self.sandbox_is_passed_on:
            self.sandbox.clear()

    async def _start_process(self, seconds: float, late: Callable[[], None]) -> None:
        process = FunctionProcess(self._logged, lambda status: self._process_exited(process, status))
        self._process = process
        self.most_memory = 0
        self._started_at = self._clock.monotonic()
        self._timer = self._clock.call_later(seconds, late)
        self._look_later()
        try:
            await process.start(
                self._command, variables=self._variables(self._address), folder=self.function.code.folder
            )
        except OSError as error:
            self._fail(NotStarted(f"fork/exec {self._command[0]}: {error}"))
            return
        self._processes.append(process)
        if self._ended or process is not self._process:
            process.kill()

    def _runtime_said(self, step: Step) -> None:
        if self._ended:
            return
        match step:
            case AskedNext():
                self._is_ready()
            case Responded(payload):
                self._invocation_ended(payload)
            case Failed(payload):
                self._invocation_ended(ErrorReported(payload))
            case RespondedTooMuch():
                self._invocation_ended(ResponseTooLarge())
            case FailedToInitialise(payload):
                self._drain()
                self._fail(ErrorReported(payload))

    def _runtime_hung_up(self) -> None:
        if not self._ended:
            self._lost()

    def _lost(self) -> None:
        self.kill()
        self._owner.environment_lost(self)

    def _is_ready(self) -> None:
        if not self._initialised:
            if self._is_over_its_memory():
                self._drain()
                self._fail(_KILLED)
                return
            self._initialised = True
            self._cancel_timer()
            self.init_duration = self._clock.monotonic() - self._started_at
        self._drain()
        self._owner.environment_ready(self)

    def _invocation_ended(self, result: bytes | Failure) -> None:
        self._cancel_timer()
        self._drain()
        if self._is_over_its_memory() and not ends_environment(result):
            result = _KILLED
        self.request = None
        if ends_environment(result):
            self.kill()
        self._owner.invocation_ended(self, result)

    def _timed_out(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._invocation_ended(TimedOut(float(self.function.timeout)))

    def _init_took_too_long(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._endpoint.restart()
        seconds = float(self.function.timeout)
        self._init_again_until = self._clock.monotonic() + seconds
        self._init_again = asyncio.get_running_loop().create_task(
            self._start_process(seconds, self._init_timed_out)
        )

    def _init_timed_out(self) -> None:
        self._fail(TimedOut(float(self.function.timeout)))

    def _look_later(self) -> None:
        if self._look is not None:
            self._look.cancel()
        self._look = self._clock.call_later(LOOK_EVERY, self._look_at_memory)

    def _look_at_memory(self) -> None:
        if not self._is_over_its_memory():
            self._look_later()
        elif self._process is not None:
            self._process.kill()  # `_process_exited` says so

    def _is_over_its_memory(self) -> bool:
        if self._process is not None:
            self.most_memory = max(self.most_memory, self._process.most_memory())
        return self.most_memory > self.function.memory_size * MEGABYTE

    def _process_exited(self, process: FunctionProcess, status: int) -> None:
        if self._ended or process is not self._process:
            return
        if not self._initialised:
            self._fail(Exited(status))
        elif self.request is not None and status != -signal.SIGSEGV:
            self._invocation_ended(Exited(status))
        elif self.request is not None:
            return  # Lambda learns of a segmentation fault by the time-out only (L-24)
        else:
            self._lost()

    def _fail(self, failure: Failure) -> None:
        if not self._ended:
            self.kill()
            self._owner.environment_failed(self, failure)

    def _logged(self, line: str) -> None:
        self._owner.environment_logged(self, line, self.request)

    def _drain(self) -> None:
        if self._process is not None:
            self._process.drain()

    def _cancel_timer(self) -> None:
        for timer in (self._timer, self._look):
            if timer is not None:
                timer.cancel()
        self._timer = self._look = None
