"""Lambda, as event sources and the Lambda API see it: functions that are deployed, invoked, and logged.

One walk: `invoke` -> `scheduler` -> `execution_environment` -> the function's process -> back. Asynchronous
invocations take the same way, and come back to it when they fail.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

from harness.clock import Clock
from harness.emulator.journal import Note
from harness.emulator.lambda_runtime.concurrency import (
    ACCOUNT_CONCURRENCY,
    MAX_ENVIRONMENTS,
    Use,
    throttle,
)
from harness.emulator.lambda_runtime.debugging import Debugging
from harness.emulator.lambda_runtime.deployed_function import Deployed, Queued
from harness.emulator.lambda_runtime.event_invoke_config import EventInvokeConfig
from harness.emulator.lambda_runtime.event_queue import EventQueue, QueuedEvent, Send
from harness.emulator.lambda_runtime.function import (
    LATEST,
    FunctionConfiguration,
    function_arn,
    parse_reference,
)
from harness.emulator.lambda_runtime.identifiers import request_id
from harness.emulator.lambda_runtime.launch import Launcher
from harness.emulator.lambda_runtime.log_book import LogBook
from harness.emulator.lambda_runtime.outcome import (
    Cause,
    NoSuchFunction,
    Outcome,
    RequestId,
    Throttled,
)
from harness.emulator.lambda_runtime.scheduler import Scheduler
from harness.emulator.lambda_runtime.variables import Certificates
from harness.errors import BackendError


class LambdaRuntime:
    """The functions of one account and region. `on_idle` is called whenever `in_flight` falls to zero.

    Functions are named by a name, an ARN, a partial ARN, or one of these with `:$LATEST`. What goes wrong with an
    invocation is its Outcome and leaves the runtime as it was; after `close`, invoking is a BackendError.
    """

    def __init__(
        self,
        *,
        endpoint: Callable[[], str] | str,
        region: str,
        account: str,
        clock: Clock,
        random: Random,
        note: Note,
        scratch: Path,
        max_environments: int = MAX_ENVIRONMENTS,
        on_idle: Callable[[], None] = lambda: None,
        certificates: Certificates | None = None,
        account_concurrency: int = ACCOUNT_CONCURRENCY,
        send: Send = lambda _: None,
        debugging: Debugging | None = None,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`endpoint` is the URL of the AWS APIs that functions call; `scratch` a folder of our own.

        `certificates` are what functions trust, besides the public authorities. `send` delivers dead letters and
        destinations' records. A function has at most `max_environments`, or as many as it reserves. `announce` is
        told where the debuggers of `debugging` can attach.
        """
        self.region, self.account, self.scratch = region, account, scratch
        self._clock, self._random = clock, random
        self.account_concurrency = account_concurrency
        launcher = Launcher(
            endpoint=endpoint if callable(endpoint) else lambda: endpoint,
            region=region,
            clock=clock,
            random=random,
            scratch=scratch,
            certificates=certificates,
            debugging=debugging,
        )
        self._scheduler = Scheduler(
            launcher=launcher,
            clock=clock,
            random=random,
            note=note,
            on_idle=on_idle,
            max_environments=max_environments,
            announce=announce,
        )
        self._events = EventQueue(
            scheduler=self._scheduler,
            throttle=self._throttle,
            arn_of=self.arn_of,
            clock=clock,
            note=note,
            send=send,
        )
        self._closed = False

    # --- functions ----------------------------------------------------------------------------------------

    def put_function(self, function: FunctionConfiguration) -> None:
        """Deploys a function, or replaces its configuration and code; running invocations end as they began."""
        self._scheduler.deploy(function)

    def delete_function(self, function: str) -> bool:
        """Forgets the function; False when there is none."""
        deployed = self._find(function)
        if deployed is not None:
            self._scheduler.remove(deployed.function.name)
        return deployed is not None

    def function(self, function: str) -> FunctionConfiguration | None:
        """The function that a name, ARN, partial ARN or one of these with `:$LATEST` means."""
        deployed = self._find(function)
        return None if deployed is None else deployed.function

    def functions(self) -> tuple[FunctionConfiguration, ...]:
        """Every function, in the order of creation."""
        return tuple(deployed.function for deployed in self._scheduler.deployed())

    def set_reserved_concurrency(self, function: str, reserved: int | None) -> None:
        """Reserves concurrency for a function, None to take that back; its environments stay."""
        deployed = self._find(function)
        if deployed is not None:
            self._scheduler.reserve(deployed, reserved)

    def set_event_invoke_config(self, function: str, config: EventInvokeConfig | None) -> None:
        """Says how the function's events are tried, None for Lambda's own way; its environments stay."""
        deployed = self._find(function)
        if deployed is not None:
            deployed.function = replace(deployed.function, event_invoke_config=config)

    def set_tags(self, function: str, tags: dict[str, str]) -> None:
        """Replaces a function's tags; its environments stay."""
        deployed = self._find(function)
        if deployed is not None:
            deployed.function = replace(deployed.function, tags=tags)

    def arn_of(self, function: str) -> str:
        """The ARN that a reference means here, whether or not there is such a function."""
        reference = parse_reference(function)
        if function.startswith("arn:") or reference is None:
            return function
        arn = function_arn(self.region, reference.account or self.account, reference.name)
        return f"{arn}:{reference.qualifier}" if reference.qualifier else arn

    # --- invocations --------------------------------------------------------------------------------------

    async def invoke(
        self, function: str, payload: bytes, *, cause: Cause, client_context: str | None = None
    ) -> Outcome:
        """Invokes synchronously (RequestResponse) and returns when the function has ended."""
        self._must_be_open()
        deployed = self._find(function)
        if deployed is None:
            return NoSuchFunction(self.arn_of(function))
        if (throttled := self._throttle(deployed)) is not None:
            return throttled
        ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._scheduler.submit(
            Queued(
                request_id(self._random),
                deployed,
                payload,
                cause,
                partial(_resolve, ended),
                client_context,
            )
        )
        return await ended

    def invoke_event(
        self, function: str, payload: bytes, *, cause: Cause, client_context: str | None = None
    ) -> RequestId | NoSuchFunction:
        """Queues an asynchronous invocation (Event) and returns at once.

        A function error is retried twice, a throttle with backoff for up to 6 h, with the same request id (S-10,
        S-12), unless the function's event invoke config says otherwise. `in_flight` counts attempts, not events
        that wait for their next one.
        """
        self._must_be_open()
        deployed = self._find(function)
        if deployed is None:
            return NoSuchFunction(self.arn_of(function))
        queued = QueuedEvent(
            request_id(self._random),
            deployed.function.name,
            payload,
            cause,
            client_context,
            self._clock.monotonic(),
        )
        self._events.attempt(queued)
        return queued.request

    async def prewarm(self, function: str, n: int) -> bytes | NoSuchFunction | None:
        """Starts `n` more environments, within the limit, and returns when they are initialised.

        None when all is well, else the error JSON of an INIT that failed. With 0 one is started to see that, and
        ended again.
        """
        self._must_be_open()
        deployed = self._find(function)
        if deployed is None:
            return NoSuchFunction(self.arn_of(function))
        errors = await asyncio.gather(
            *[self._scheduler.prewarm(deployed, keep=n > 0) for _ in range(max(1, n))]
        )
        return next((error for error in errors if error is not None), None)

    def request_of(self, access_key_id: str) -> RequestId | None:
        """The invocation that the environment with these credentials is running now."""
        environment = self._scheduler.environment_of(access_key_id)
        return None if environment is None else environment.request

    def function_of(self, access_key_id: str) -> FunctionConfiguration | None:
        """The function of a running environment by its credentials; None for others."""
        environment = self._scheduler.environment_of(access_key_id)
        return None if environment is None else environment.function

    def secret_of(self, access_key_id: str) -> str | None:
        """The secret access key that belongs to the credentials of a running environment; None for others."""
        environment = self._scheduler.environment_of(access_key_id)
        return None if environment is None else environment.secret_access_key

    def in_flight(self) -> int:
        """Invocations that are queued or running."""
        return self._scheduler.in_flight

    @property
    def log(self) -> LogBook:
        """What all functions wrote."""
        return self._scheduler.log.book

    def forget_retries(self) -> tuple[str, ...]:
        """Gives up events that wait for their next attempt; the name of its function for each."""
        return self._events.forget()

    async def end_left_over(self) -> tuple[str, ...]:
        """Ends processes that functions have left running, and the idle environments in which they did.

        Gives these functions' names. All other environments stay warm.
        """
        return await self._scheduler.end_left_over(scratch=self.scratch)

    async def close(self) -> None:
        """Kills every process and returns when all have ended; what was in flight has failed."""
        self._closed = True
        self._events.close()
        await self._scheduler.close()
        await self._scheduler.end_left_over(scratch=self.scratch)

    def _find(self, function: str) -> Deployed | None:
        deployed = self._scheduler.find(function)
        if deployed is not None:
            return deployed
        reference = parse_reference(function)
        if reference is None or reference.qualifier not in ("", LATEST):
            return None
        if reference.region not in ("", self.region) or reference.account not in ("", self.account):
            return None
        return self._scheduler.find(reference.name)

    def _must_be_open(self) -> None:
        if self._closed:
            raise BackendError("the Lambda runtime is closed and takes no invocations")

    def _throttle(self, deployed: Deployed) -> Throttled | None:
        others = (_use(each) for each in self._scheduler.deployed() if each is not deployed)
        return throttle(_use(deployed), others, account=self.account_concurrency)


def _use(deployed: Deployed) -> Use:
    # What waits here for an environment would run on AWS, where these have no bound.
    return Use(deployed.pool.concurrency, deployed.function.reserved_concurrency)


def _resolve(ended: "asyncio.Future[Outcome]", outcome: Outcome) -> None:
    if not ended.done():
        ended.set_result(outcome)
