"""Fleet of execution environments: started, found by their credentials, outdated by new code, ended when idle.

Which of them runs what is decided in `scheduler`.
"""

import asyncio
from collections.abc import Coroutine
from pathlib import Path

from harness.clock import Clock, TimerHandle
from harness.emulator.lambda_runtime.code import Fingerprint, FolderWatch
from harness.emulator.lambda_runtime.deployed_function import Deployed
from harness.emulator.lambda_runtime.execution_environment import EnvironmentOwner, ExecutionEnvironment
from harness.emulator.lambda_runtime.function import FunctionConfiguration
from harness.emulator.lambda_runtime.launch import Launcher
from harness.emulator.lambda_runtime.left_over import end_all, left_over

IDLE_LIFETIME = 600.0
"""Seconds after which an environment that nobody needs is ended."""


class Fleet:
    """Owns every environment, from its start until its processes are gone; `owner` hears what happens in them.

    `close` kills them all, and none is to be started after it.
    """

    def __init__(self, *, launcher: Launcher, clock: Clock, owner: EnvironmentOwner) -> None:
        self._launcher, self._clock, self._owner = launcher, clock, owner
        self._watch = FolderWatch(clock)
        self._environments: dict[ExecutionEnvironment, Deployed] = {}
        self._by_access_key: dict[str, ExecutionEnvironment] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._reaping: TimerHandle | None = None
        self._closed = False

    def start(self, deployed: Deployed, *, prewarmed: bool) -> ExecutionEnvironment:
        """Starts one more environment of the function."""
        environment = self._launcher.environment(
            deployed.function,
            sandbox=deployed.sandboxes.pop() if deployed.sandboxes else self._launcher.sandbox(),
            generation=deployed.generation,
            prewarmed=prewarmed,
            owner=self._owner,
        )
        deployed.pool.started(environment)
        self._environments[environment] = deployed
        self._by_access_key[environment.access_key_id] = environment
        self._own(self._live(environment))
        return environment

    def deployed_of(self, environment: ExecutionEnvironment) -> Deployed:
        """The function that the environment lives for."""
        return self._environments[environment]

    def find(self, access_key_id: str) -> ExecutionEnvironment | None:
        """The environment with these credentials."""
        return self._by_access_key.get(access_key_id)

    def rest(self, environment: ExecutionEnvironment) -> None:
        """Freezes an environment that is idle; it is ended when it stays so."""
        environment.freeze()
        if self._reaping is None:
            self._reaping = self._clock.call_later(IDLE_LIFETIME, self._reap)

    def end(self, environment: ExecutionEnvironment) -> None:
        """Ends an environment that is idle."""
        environment.kill()
        self._environments[environment].pool.removed(environment)

    def ended(self, environment: ExecutionEnvironment) -> None:
        """An environment came to its end by itself: its sandbox is for the next one of the same code (L-7)."""
        deployed = self._environments[environment]
        deployed.pool.removed(environment)
        if environment.generation == deployed.generation and not self._closed:
            environment.sandbox_is_passed_on = True
            deployed.sandboxes.append(environment.sandbox)

    def outdate(self, deployed: Deployed) -> None:
        """Its configuration or code is another one now: no environment of the old one takes an invocation."""
        deployed.generation += 1
        while deployed.sandboxes:
            deployed.sandboxes.pop().clear()
        self.retire_idle(deployed)

    def retire_idle(self, deployed: Deployed) -> None:
        """Ends the function's idle environments that are outdated."""
        for environment in deployed.pool.idle():
            if environment.generation != deployed.generation:
                self.end(environment)

    def reload(self, deployed: Deployed, *, at_once: bool = False) -> None:
        """Outdates a function whose code has changed; `at_once` looks even if it was looked at just now."""
        fingerprint = self.fingerprint(deployed.function, at_once=at_once)
        if fingerprint != deployed.fingerprint:
            deployed.fingerprint = fingerprint
            self.outdate(deployed)

    def fingerprint(self, function: FunctionConfiguration, *, at_once: bool = False) -> Fingerprint:
        """What tells a function's code from what it was before; the same for ever where it cannot change."""
        if not function.code.hot_reload:
            return 0, 0, 0
        return self._watch.fingerprint(function.code.folder, at_once=at_once)

    async def end_left_over(self, *, scratch: Path) -> tuple[str, ...]:
        """Ends what functions have left running: their environments if these are idle, and whatever is without one.

        Gives the functions' names. An environment that is running something now keeps its processes.
        """
        by_pid = {one.pid: one for one in self._environments if one.pid is not None}
        runtimes = {one.access_key_id: pid for pid, one in by_pid.items()}
        ended: list[ExecutionEnvironment] = []
        pids: list[int] = []
        for process in left_over(runtimes, scratch=scratch):
            environment = None if process.runtime is None else by_pid[process.runtime]
            if environment is None or self._environments[environment].pool.is_idle(environment):
                pids.append(process.pid)
                ended += [] if environment is None else [environment]
        for environment in set(ended):
            self.end(environment)
        await asyncio.to_thread(end_all, pids)
        return tuple(sorted({environment.function.name for environment in ended}))

    def close(self) -> None:
        """Kills every environment; the owner is not told."""
        self._closed = True
        if self._reaping is not None:
            self._reaping.cancel()
        for environment in self._environments:
            environment.kill()

    async def wait_gone(self) -> None:
        """Returns when every process has ended."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def _live(self, environment: ExecutionEnvironment) -> None:
        await environment.start()
        await environment.wait_gone()
        del self._environments[environment]
        del self._by_access_key[environment.access_key_id]

    def _own(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _reap(self) -> None:
        now, self._reaping = self._clock.monotonic(), None
        pools = [deployed.pool for deployed in dict.fromkeys(self._environments.values())]
        for pool in pools:
            # A millisecond of slack: a sum of floats must not call us back for the same environment.
            for environment in pool.idle_since(now - IDLE_LIFETIME + 0.001):
                self.end(environment)
        idle = [at for pool in pools if (at := pool.oldest_idle_at) is not None]
        if idle:
            self._reaping = self._clock.call_later(min(idle) + IDLE_LIFETIME - now, self._reap)
