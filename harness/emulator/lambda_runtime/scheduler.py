"""Runs queued invocations in execution environments: starts these on demand, hands over, reaps.

The rules of one function's pool are `pool`'s; this is the shell that obeys them for all functions.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from random import Random

from harness.clock import Clock, TimerHandle
from harness.emulator.journal import Note
from harness.emulator.lambda_runtime.code import Fingerprint, FolderWatch
from harness.emulator.lambda_runtime.debugging import listening_at
from harness.emulator.lambda_runtime.execution_environment import ExecutionEnvironment, ends_environment
from harness.emulator.lambda_runtime.function import FunctionConfiguration
from harness.emulator.lambda_runtime.function_log import end_line, report_line, start_line
from harness.emulator.lambda_runtime.identifiers import request_id, trace_id
from harness.emulator.lambda_runtime.launch import Launcher
from harness.emulator.lambda_runtime.log_book import LogBook
from harness.emulator.lambda_runtime.memory import megabytes_used
from harness.emulator.lambda_runtime.outcome import (
    Cause,
    FunctionError,
    NoSuchFunction,
    Outcome,
    RequestId,
    Returned,
)
from harness.emulator.lambda_runtime.payloads import (
    Exited,
    Failure,
    TimedOut,
    error_text,
    failure_payload,
)
from harness.emulator.lambda_runtime.pool import Pool
from harness.emulator.lambda_runtime.runtime_api import Invocation
from harness.emulator.lambda_runtime.sandbox import Sandbox
from harness.record.observation import FunctionLogged, InvocationEnded, InvocationStarted, PlatformLogged

MAXIMUM_STARTS = 2
"""How many environments of all functions together may be starting at one time."""

PATIENCE_WITH_RETURNED = 0.05
"""Seconds that an environment which has returned its result has to ask for the next invocation, where one waits."""

IDLE_LIFETIME = 600.0
"""Seconds after which an environment that nobody needs is ended."""

_KILLED = Exited(-signal.SIGKILL)


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
    prewarms: list["Prewarm"] = field(default_factory=list)
    sandboxes: list[Sandbox] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Running:
    queued: Queued
    began_at: float
    cold: bool


class Scheduler:
    """Owns every environment; calls `on_idle` whenever the last invocation in flight has ended."""

    def __init__(
        self,
        *,
        launcher: Launcher,
        clock: Clock,
        random: Random,
        note: Note,
        on_idle: Callable[[], None],
        max_environments: int,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`announce` is told where debuggers can attach; `max_environments` holds for one function."""
        self.on_idle, self._announce = on_idle, announce
        self._max_environments = max_environments
        self.in_flight = 0
        self.log = LogBook()
        self._launcher, self._clock, self._random, self._note = launcher, clock, random, note
        self._watch = FolderWatch(clock)
        self._all: dict[str, Deployed] = {}
        self._starting: dict[ExecutionEnvironment, Prewarm | None] = {}
        self._running: dict[ExecutionEnvironment, _Running] = {}
        self._environments: dict[ExecutionEnvironment, Deployed] = {}
        self._by_access_key: dict[str, ExecutionEnvironment] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._reaping: TimerHandle | None = None
        self._submitted = 0
        self._closed = False

    def deploy(self, function: FunctionConfiguration) -> None:
        """Takes a new function, or a new configuration or code of a known one."""
        deployed = self._all.get(function.name)
        if deployed is None:
            deployed = self._all[function.name] = Deployed(function, Pool(0))
        deployed.function = function
        deployed.pool.limit = self._limit(function)
        deployed.fingerprint = self._fingerprint(function)
        self._outdate(deployed)
        self._dispatch(deployed)

    def reserve(self, deployed: Deployed, concurrency: int | None) -> None:
        """Reserves concurrency for a function, None to take that back; its environments stay."""
        deployed.function = replace(deployed.function, reserved_concurrency=concurrency)
        deployed.pool.limit = self._limit(deployed.function)
        self._dispatch(deployed)

    def _limit(self, function: FunctionConfiguration) -> int:
        """How many environments the function may have: what it reserves is what it wants at a time."""
        if self._launcher.is_debugged(function.name):
            return 1
        reserved = function.reserved_concurrency
        return self._max_environments if reserved is None else reserved

    def remove(self, name: str) -> None:
        """Forgets the function; what runs may end, what waits finds it gone."""
        deployed = self._all.pop(name)
        self._outdate(deployed)
        self.log.forget(name)
        while deployed.pool.waiting:
            self._settle(deployed.pool.waiting.popleft(), NoSuchFunction(deployed.function.arn))
        self._resolve_prewarms(deployed)

    def find(self, name: str) -> Deployed | None:
        """The function of this name."""
        return self._all.get(name)

    def deployed(self) -> tuple[Deployed, ...]:
        """All functions, by the order of their creation."""
        return tuple(self._all.values())

    def submit(self, queued: Queued) -> None:
        """Hands the invocation to an idle environment, or queues it."""
        self._submitted += 1
        queued.number = self._submitted
        self.in_flight += 1
        queued.deployed.pool.waiting.append(queued)
        self._dispatch(queued.deployed)

    def prewarm(self, deployed: Deployed, *, keep: bool) -> "asyncio.Future[bytes | None]":
        """Orders one more environment; resolves when it is initialised, or with the error JSON of its INIT.

        One that is not to be kept ends then, unless an invocation waits for it.
        """
        order = Prewarm(asyncio.get_running_loop().create_future(), keep)
        deployed.prewarms.append(order)
        self._start_wanted()
        return order.initialised

    def request_of(self, access_key_id: str) -> RequestId | None:
        """What the environment with these credentials is running now."""
        environment = self._by_access_key.get(access_key_id)
        return None if environment is None else environment.request

    def function_of(self, access_key_id: str) -> FunctionConfiguration | None:
        """The function whose environment has these credentials."""
        environment = self._by_access_key.get(access_key_id)
        return None if environment is None else environment.function

    def secret_of(self, access_key_id: str) -> str | None:
        """The secret access key of the environment with this access key id."""
        environment = self._by_access_key.get(access_key_id)
        return None if environment is None else environment.secret_access_key

    async def close(self) -> None:
        """Kills every process and returns when all have ended; what was in flight has failed."""
        self._closed = True
        if self._reaping is not None:
            self._reaping.cancel()
        for environment in self._environments:
            environment.kill()
        for deployed in self._all.values():
            self._resolve_prewarms(deployed)
        for order in self._starting.values():
            if order is not None:
                order.resolve(None)
        self._fail_everything()
        while self._tasks:
            await asyncio.gather(*self._tasks)

    # --- what environments tell ---------------------------------------------------------------------------

    def environment_ready(self, environment: ExecutionEnvironment) -> None:
        deployed = self._environments[environment]
        order = self._starting.pop(environment, None)
        if order is not None:
            order.resolve(None)
        deployed.pool.freed(environment, at=self._clock.monotonic())
        self._retire_idle(deployed)
        self._dispatch(deployed)
        if not deployed.pool.is_idle(environment):
            return
        if order is not None and not order.keep:
            environment.kill()
            deployed.pool.removed(environment)
        else:
            environment.freeze()
            self._reap_later()

    def environment_failed(self, environment: ExecutionEnvironment, failure: Failure) -> None:
        deployed = self._environments[environment]
        self._ended(environment)
        order = self._starting.pop(environment)
        waiting = deployed.pool.waiting
        # What failed may have been a file that was only half written.
        self._reload(deployed, at_once=True)
        if order is not None:
            order.resolve(failure_payload(failure, request_id(self._random)))
        elif waiting and environment.generation == deployed.generation:
            self._fail_unstarted(waiting.popleft(), failure)
        self._dispatch(deployed)

    def environment_lost(self, environment: ExecutionEnvironment) -> None:
        deployed = self._environments[environment]
        self._ended(environment)
        self._dispatch(deployed)

    def invocation_ended(self, environment: ExecutionEnvironment, result: bytes | Failure) -> None:
        running = self._running.pop(environment)
        deployed = running.queued.deployed
        if ends_environment(result):
            self._ended(environment)
        else:
            deployed.pool.returned(environment)
        self._log_end(environment, running, result)
        self._end(running.queued, result)
        self._dispatch(deployed)

    def environment_logged(self, environment: ExecutionEnvironment, line: str, request: RequestId | None) -> None:
        name = environment.function.name
        self._note(FunctionLogged(self._clock.monotonic(), name, line, request))
        self.log.add(name, line, request, at=self._clock.time())
        if self._launcher.is_debugged(name) and (place := listening_at(line)) is not None:
            self._announce(f"{name}: a debugger can attach at {place}")

    def _log(self, function: str, line: str, request: RequestId) -> None:
        """Lambda's own lines."""
        self._note(PlatformLogged(self._clock.monotonic(), function, line, request))
        self.log.add(function, line, request, at=self._clock.time())

    # --- handing over -------------------------------------------------------------------------------------

    def _dispatch(self, deployed: Deployed) -> None:
        if deployed.pool.waiting:
            self._reload(deployed)
        while (matched := deployed.pool.match()) is not None:
            self._hand(*matched)
        if deployed.pool.waits_for_returned and not deployed.is_patient:
            deployed.is_patient = True
            self._clock.call_later(PATIENCE_WITH_RETURNED, partial(self._lose_patience, deployed))
        self._start_wanted()

    def _lose_patience(self, deployed: Deployed) -> None:
        deployed.is_patient = False
        deployed.pool.give_up_returned()
        self._start_wanted()

    def _hand(self, environment: ExecutionEnvironment, queued: Queued) -> None:
        cold = environment.invocations == 0 and not environment.prewarmed
        self._running[environment] = _Running(queued, self._clock.monotonic(), cold)
        self._begin(queued, cold=cold)
        function, now = environment.function, self._clock.time()
        environment.begin(
            Invocation(
                queued.request,
                queued.payload,
                int((now + environment.time_allowed()) * 1000),
                function.arn,
                trace_id(self._random, now),
                queued.client_context,
            )
        )

    def _begin(self, queued: Queued, *, cold: bool) -> None:
        function, cause = queued.deployed.function, queued.cause
        self._note(
            InvocationStarted(
                self._clock.monotonic(),
                queued.request,
                function.name,
                cold,
                cause.connection,
                cause.route,
                cause.messages,
            )
        )
        self._log(function.name, start_line(queued.request, function.version), queued.request)

    def _end(self, queued: Queued, result: bytes | Failure) -> None:
        outcome: Outcome
        if isinstance(result, bytes):
            outcome, error = Returned(queued.request, result), None
        else:
            payload = failure_payload(result, queued.request)
            outcome, error = FunctionError(queued.request, payload), error_text(payload)
        name = queued.deployed.function.name
        self._note(InvocationEnded(self._clock.monotonic(), queued.request, name, error))
        self._settle(queued, outcome)

    def _settle(self, queued: Queued, outcome: Outcome) -> None:
        self.in_flight -= 1
        queued.settle(outcome)
        if self.in_flight == 0:
            self.on_idle()

    def _fail_unstarted(self, queued: Queued, failure: Failure) -> None:
        self._begin(queued, cold=True)
        self._end(queued, failure)

    def _log_end(self, environment: ExecutionEnvironment, running: _Running, result: bytes | Failure) -> None:
        request, timed_out = running.queued.request, isinstance(result, TimedOut)
        report = report_line(
            request,
            duration=self._clock.monotonic() - running.began_at,
            memory_size=environment.function.memory_size,
            memory_used=megabytes_used(environment.most_memory, environment.function.memory_size),
            init_duration=environment.init_duration if running.cold else None,
            status="timeout" if timed_out else "error" if isinstance(result, Exited) else "",
        )
        lines = [end_line(request), report]
        if isinstance(result, TimedOut):
            at = datetime.fromtimestamp(self._clock.time(), UTC).isoformat(timespec="milliseconds")
            lines.append(f"{at[:-6]}Z {request} Task timed out after {result.seconds:.2f} seconds")
        for line in lines:
            self._log(environment.function.name, line, request)

    # --- starting and ending environments -----------------------------------------------------------------

    def _start_wanted(self) -> None:
        while not self._closed and len(self._starting) < MAXIMUM_STARTS:
            deployed = self._longest_waiting()
            if deployed is not None:
                self._start(deployed, None)
                continue
            deployed = self._next_prewarm()
            if deployed is None:
                return
            self._start(deployed, deployed.prewarms.pop(0))

    def _longest_waiting(self) -> Deployed | None:
        wanting = [deployed for deployed in self._all.values() if deployed.pool.starts_wanted]
        return min(wanting, key=lambda deployed: deployed.pool.waiting[0].number, default=None)

    def _next_prewarm(self) -> Deployed | None:
        for deployed in self._all.values():
            if deployed.prewarms and deployed.pool.size < deployed.pool.limit:
                return deployed
            self._resolve_prewarms(deployed)
        return None

    def _start(self, deployed: Deployed, order: Prewarm | None) -> None:
        environment = self._launcher.environment(
            deployed.function,
            sandbox=deployed.sandboxes.pop() if deployed.sandboxes else self._launcher.sandbox(),
            generation=deployed.generation,
            prewarmed=order is not None,
            owner=self,
        )
        deployed.pool.started(environment)
        self._starting[environment] = order
        self._environments[environment] = deployed
        self._by_access_key[environment.access_key_id] = environment
        self._own(self._live(environment))

    async def _live(self, environment: ExecutionEnvironment) -> None:
        await environment.start()
        await environment.wait_gone()
        del self._environments[environment]
        del self._by_access_key[environment.access_key_id]

    def _own(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _ended(self, environment: ExecutionEnvironment) -> None:
        """An environment came to its end by itself: its sandbox is for the next one of the same code (L-7)."""
        deployed = self._environments[environment]
        deployed.pool.removed(environment)
        if environment.generation == deployed.generation and not self._closed:
            environment.sandbox_is_passed_on = True
            deployed.sandboxes.append(environment.sandbox)

    def _outdate(self, deployed: Deployed) -> None:
        """Its configuration or code is another one now: no environment of the old one takes an invocation."""
        deployed.generation += 1
        while deployed.sandboxes:
            deployed.sandboxes.pop().clear()
        self._retire_idle(deployed)

    def _retire_idle(self, deployed: Deployed) -> None:
        for environment in deployed.pool.idle():
            if environment.generation != deployed.generation:
                environment.kill()
                deployed.pool.removed(environment)

    def _reload(self, deployed: Deployed, *, at_once: bool = False) -> None:
        fingerprint = self._fingerprint(deployed.function, at_once=at_once)
        if fingerprint != deployed.fingerprint:
            deployed.fingerprint = fingerprint
            self._outdate(deployed)

    def _fingerprint(self, function: FunctionConfiguration, *, at_once: bool = False) -> Fingerprint:
        if not function.code.hot_reload:
            return 0, 0, 0
        return self._watch.fingerprint(function.code.folder, at_once=at_once)

    def _reap_later(self) -> None:
        if self._reaping is None:
            self._reaping = self._clock.call_later(IDLE_LIFETIME, self._reap)

    def _reap(self) -> None:
        now, self._reaping = self._clock.monotonic(), None
        for deployed in self._all.values():
            # A millisecond of slack: a sum of floats must not call us back for the same environment.
            for environment in deployed.pool.idle_since(now - IDLE_LIFETIME + 0.001):
                environment.kill()
                deployed.pool.removed(environment)
        idle = [at for each in self._all.values() if (at := each.pool.oldest_idle_at) is not None]
        if idle:
            self._reaping = self._clock.call_later(min(idle) + IDLE_LIFETIME - now, self._reap)

    def _resolve_prewarms(self, deployed: Deployed) -> None:
        while deployed.prewarms:
            deployed.prewarms.pop().resolve(None)

    def _fail_everything(self) -> None:
        for running in tuple(self._running.values()):
            self._end(running.queued, _KILLED)
        self._running.clear()
        for deployed in self._all.values():
            while deployed.pool.waiting:
                self._fail_unstarted(deployed.pool.waiting.popleft(), _KILLED)
