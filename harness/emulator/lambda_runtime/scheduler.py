"""Scheduler of invocations: queues them, orders environments on demand, hands over.

The rules of one function's pool are `pool`'s, and environments live in `fleet`; this is the shell that obeys the
rules for all functions.
"""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random

from harness.clock import Clock
from harness.emulator.journal import Note
from harness.emulator.lambda_runtime.debugging import listening_at
from harness.emulator.lambda_runtime.deployed_function import Deployed, Prewarm, Queued
from harness.emulator.lambda_runtime.execution_environment import ExecutionEnvironment, ends_environment
from harness.emulator.lambda_runtime.fleet import Fleet
from harness.emulator.lambda_runtime.function import FunctionConfiguration
from harness.emulator.lambda_runtime.identifiers import request_id, trace_id
from harness.emulator.lambda_runtime.invocation_log import InvocationLog
from harness.emulator.lambda_runtime.launch import Launcher
from harness.emulator.lambda_runtime.outcome import NoSuchFunction, Outcome, RequestId
from harness.emulator.lambda_runtime.payloads import Exited, Failure, failure_payload
from harness.emulator.lambda_runtime.pool import Pool
from harness.emulator.lambda_runtime.runtime_api import Invocation

MAXIMUM_STARTS = 2
"""How many environments of all functions together may be starting at one time."""

PATIENCE_WITH_RETURNED = 0.05
"""Seconds that an environment which has returned its result has to ask for the next invocation, where one waits."""

_KILLED = Exited(-signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class _Running:
    queued: Queued
    began_at: float
    cold: bool


class Scheduler:
    """Takes deployed functions and their invocations; gives each invocation its outcome, once, by its `settle`.

    Raises nothing: an environment that fails takes its invocation with it, and the next invocation gets another one.
    Calls `on_idle` whenever the last invocation in flight has ended. After `close` nothing is started.
    """

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
        self.log = InvocationLog(clock=clock, note=note)
        self._launcher, self._clock, self._random = launcher, clock, random
        self._fleet = Fleet(launcher=launcher, clock=clock, owner=self)
        self._all: dict[str, Deployed] = {}
        self._starting: dict[ExecutionEnvironment, Prewarm | None] = {}
        self._running: dict[ExecutionEnvironment, _Running] = {}
        self._submitted = 0
        self._closed = False

    def deploy(self, function: FunctionConfiguration) -> None:
        """Takes a new function, or a new configuration or code of a known one."""
        deployed = self._all.get(function.name)
        if deployed is None:
            deployed = self._all[function.name] = Deployed(function, Pool(0))
        deployed.function = function
        deployed.pool.limit = self._limit(function)
        deployed.fingerprint = self._fleet.fingerprint(function)
        self._fleet.outdate(deployed)
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
        self._fleet.outdate(deployed)
        self.log.book.forget(name)
        while deployed.pool.waiting:
            self._settle(deployed.pool.waiting.popleft(), NoSuchFunction(deployed.function.arn))
        deployed.resolve_prewarms()

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

    def environment_of(self, access_key_id: str) -> ExecutionEnvironment | None:
        """The environment with these credentials."""
        return self._fleet.find(access_key_id)

    async def end_left_over(self, *, scratch: Path) -> tuple[str, ...]:
        """Ends what functions have left running; gives the names of those whose environments ended with it."""
        ended = await self._fleet.end_left_over(scratch=scratch)
        for deployed in self._all.values():
            self._dispatch(deployed)
        return ended

    async def close(self) -> None:
        """Kills every process and returns when all have ended; what was in flight has failed."""
        self._closed = True
        self._fleet.close()
        for deployed in self._all.values():
            deployed.resolve_prewarms()
        for order in self._starting.values():
            if order is not None:
                order.resolve(None)
        self._fail_everything()
        await self._fleet.wait_gone()

    # --- what environments tell ---------------------------------------------------------------------------

    def environment_ready(self, environment: ExecutionEnvironment) -> None:
        deployed = self._fleet.deployed_of(environment)
        order = self._starting.pop(environment, None)
        if order is not None:
            order.resolve(None)
        deployed.pool.freed(environment, at=self._clock.monotonic())
        self._fleet.retire_idle(deployed)
        self._dispatch(deployed)
        if not deployed.pool.is_idle(environment):
            return
        if order is not None and not order.keep:
            self._fleet.end(environment)
        else:
            self._fleet.rest(environment)

    def environment_failed(self, environment: ExecutionEnvironment, failure: Failure) -> None:
        deployed = self._fleet.deployed_of(environment)
        self._fleet.ended(environment)
        order = self._starting.pop(environment)
        waiting = deployed.pool.waiting
        # What failed may have been a file that was only half written.
        self._fleet.reload(deployed, at_once=True)
        if order is not None:
            order.resolve(failure_payload(failure, request_id(self._random)))
        elif waiting and environment.generation == deployed.generation:
            self._fail_unstarted(waiting.popleft(), failure)
        self._dispatch(deployed)

    def environment_lost(self, environment: ExecutionEnvironment) -> None:
        deployed = self._fleet.deployed_of(environment)
        self._fleet.ended(environment)
        self._dispatch(deployed)

    def invocation_ended(self, environment: ExecutionEnvironment, result: bytes | Failure) -> None:
        running = self._running.pop(environment)
        deployed = running.queued.deployed
        if ends_environment(result):
            self._fleet.ended(environment)
        else:
            deployed.pool.returned(environment)
        self.log.reported(
            environment,
            running.queued.request,
            result,
            duration=self._clock.monotonic() - running.began_at,
            cold=running.cold,
        )
        self._end(running.queued, result)
        self._dispatch(deployed)

    def environment_logged(
        self, environment: ExecutionEnvironment, line: str, request: RequestId | None
    ) -> None:
        name = environment.function.name
        self.log.wrote(name, line, request)
        if self._launcher.is_debugged(name) and (place := listening_at(line)) is not None:
            self._announce(f"{name}: a debugger can attach at {place}")

    # --- handing over -------------------------------------------------------------------------------------

    def _dispatch(self, deployed: Deployed) -> None:
        if deployed.pool.waiting:
            self._fleet.reload(deployed)
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
        self.log.began(queued, cold=cold)
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

    def _end(self, queued: Queued, result: bytes | Failure) -> None:
        self._settle(queued, self.log.ended(queued, result))

    def _settle(self, queued: Queued, outcome: Outcome) -> None:
        self.in_flight -= 1
        queued.settle(outcome)
        if self.in_flight == 0:
            self.on_idle()

    def _fail_unstarted(self, queued: Queued, failure: Failure) -> None:
        self.log.began(queued, cold=True)
        self._end(queued, failure)

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
        return next(filter(_may_prewarm, self._all.values()), None)

    def _start(self, deployed: Deployed, order: Prewarm | None) -> None:
        self._starting[self._fleet.start(deployed, prewarmed=order is not None)] = order

    def _fail_everything(self) -> None:
        for running in tuple(self._running.values()):
            self._end(running.queued, _KILLED)
        self._running.clear()
        for deployed in self._all.values():
            while deployed.pool.waiting:
                self._fail_unstarted(deployed.pool.waiting.popleft(), _KILLED)


def _may_prewarm(deployed: Deployed) -> bool:
    """Whether an environment that was ordered may be started; orders that no longer may are done with."""
    if deployed.prewarms and deployed.pool.size < deployed.pool.limit:
        return True
    deployed.resolve_prewarms()
    return False
