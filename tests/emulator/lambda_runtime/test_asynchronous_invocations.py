"""Asynchronous invocations and throttles: how often events are tried, and what becomes of them."""

import asyncio
import json
from pathlib import Path

import pytest

from harness.clock import ManualClock
from harness.emulator.lambda_runtime.event_invoke_config import EventInvokeConfig
from harness.emulator.lambda_runtime.function import function_arn
from harness.emulator.lambda_runtime.outcome import (
    FunctionError,
    Throttled,
)
from harness.record.observation import FunctionLogged, InvocationEnded, InvocationStarted
from tests.emulator.lambda_runtime.running import (
    ACCOUNT,
    DEAD,
    ECHO,
    HANG,
    NO_CAUSE,
    RAISE,
    REGION,
    a_lambda,
    run,
)


@pytest.mark.aws("S-10")
def test_an_event_is_tried_three_times_with_the_same_request_id(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock) as aws:
            aws.deploy(RAISE)
            request = aws.runtime.invoke_event("f", b"{}", cause=NO_CAUSE)
            for attempt, delay in ((1, 60), (2, 120), (3, 100_000)):
                ended = await aws.observations.seen(InvocationEnded, attempt)
                assert aws.runtime.in_flight() == 0
                clock.advance(delay)
            assert [(each.request, each.error) for each in ended] == [(request, "ValueError: no")] * 3
            assert [each.request for each in aws.observations.of(InvocationStarted)] == [request] * 3
            (dead,) = aws.letters
            assert (dead.target, dead.body, dead.attributes["RequestID"].value) == (DEAD, "{}", request)

    run(test)


def test_an_event_that_succeeds_is_not_tried_again(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock) as aws:
            aws.deploy(ECHO)
            aws.runtime.invoke_event("f", b"{}", cause=NO_CAUSE)
            assert aws.runtime.in_flight() == 1
            (ended,) = await aws.observations.seen(InvocationEnded)
            clock.advance(400)
            assert (ended.error, aws.runtime.in_flight(), aws.letters) == (None, 0, [])

    run(test)


@pytest.mark.aws("L-28")
def test_invocations_over_the_reserved_concurrency_are_throttled(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(HANG, reserved_concurrency=1)
            first = asyncio.create_task(aws.invoke())
            await aws.observations.seen(InvocationStarted)
            assert await aws.invoke() == Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
            await aws.runtime.close()
            assert isinstance(await first, FunctionError)

    run(test)


@pytest.mark.aws("S-12")
def test_a_throttled_event_is_tried_again_after_a_second(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock) as aws:
            aws.deploy(HANG, reserved_concurrency=1, timeout=1)
            first = asyncio.create_task(aws.invoke())
            await aws.observations.seen(FunctionLogged)
            request = aws.runtime.invoke_event("f", b"{}", cause=NO_CAUSE)
            clock.advance(1)
            await first
            clock.advance(1)
            started = await aws.observations.seen(InvocationStarted, 2)
            assert started[1].request == request

    run(test)


@pytest.mark.aws("S-16")
def test_an_event_for_a_function_with_no_concurrency_is_dropped(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(ECHO, reserved_concurrency=0)
            request = aws.runtime.invoke_event("f", b"{}", cause=NO_CAUSE)
            (ended,) = aws.observations.of(InvocationEnded)
            reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
            assert (ended.request, ended.error) == (request, f"TooManyRequestsException: {reason}")
            assert [(dead.target, dead.body) for dead in aws.letters] == [(DEAD, "{}")]

    run(test)


@pytest.mark.aws("S-11", "S-15")
@pytest.mark.parametrize(
    ("config", "attempts"),
    [
        pytest.param(EventInvokeConfig(maximum_retry_attempts=0), 1, id="no retries"),
        pytest.param(EventInvokeConfig(maximum_retry_attempts=1), 2, id="one retry"),
        pytest.param(EventInvokeConfig(maximum_event_age=150), 2, id="too old for the second retry"),
    ],
)
def test_an_event_is_tried_as_its_functions_config_says(
    tmp_path: Path, config: EventInvokeConfig, attempts: int
) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock) as aws:
            aws.deploy(RAISE, event_invoke_config=config)
            aws.runtime.invoke_event("f", b"{}", cause=NO_CAUSE)
            for attempt in range(1, attempts + 1):
                await aws.observations.seen(InvocationEnded, attempt)
                assert len(aws.letters) == (attempt == attempts)
                clock.advance(60)
            assert len(aws.observations.of(InvocationStarted)) == attempts

    run(test)


@pytest.mark.aws("L-8", "L-28", "S-12")
def test_invocations_over_the_accounts_concurrency_are_throttled(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock, account_concurrency=1) as aws:
            aws.deploy(HANG, timeout=1)
            aws.deploy(ECHO, name="g")
            first = asyncio.create_task(aws.invoke())
            await aws.observations.seen(FunctionLogged)
            assert await aws.invoke(name="g") == Throttled("ConcurrentInvocationLimitExceeded")
            request = aws.runtime.invoke_event("g", b"{}", cause=NO_CAUSE)
            clock.advance(1)
            await first
            clock.advance(2)
            started = await aws.observations.seen(InvocationStarted, 2)
            assert (started[1].request, started[1].function) == (request, "g")

    run(test)


@pytest.mark.aws("S-11", "S-12", "S-15")
def test_an_event_that_is_throttled_until_it_is_too_old_is_a_dead_letter(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        config = EventInvokeConfig(maximum_event_age=60, on_failure=f"{DEAD}-record")
        async with a_lambda(tmp_path, clock, account_concurrency=0) as aws:
            aws.deploy(ECHO, event_invoke_config=config)
            aws.runtime.invoke_event("f", b"{}", cause=NO_CAUSE)
            clock.advance(30)
            assert aws.letters == []
            clock.advance(30)
            dead, record = aws.letters
            assert (dead.target, record.target) == (DEAD, f"{DEAD}-record")
            assert json.loads(record.body)["requestContext"]["condition"] == "EventAgeExceeded"
            (ended,) = aws.observations.of(InvocationEnded)
            assert ended.error == "TooManyRequestsException: ConcurrentInvocationLimitExceeded"

    run(test)


def test_an_event_whose_function_is_deleted_meanwhile_is_dropped(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock) as aws:
            aws.deploy(RAISE)
            aws.runtime.invoke_event("f", b"{}", cause=NO_CAUSE)
            await aws.observations.seen(InvocationEnded)
            aws.runtime.delete_function("f")
            clock.advance(60)
            _, dropped = aws.observations.of(InvocationEnded)
            arn = function_arn(REGION, ACCOUNT, "f")
            assert dropped.error == f"ResourceNotFoundException: Function not found: {arn}"
            assert aws.letters == []

    run(test)
