"""When an event is tried again, and why it is tried no more."""

import pytest

from harness.emulator.lambda_runtime.event_invoke_config import EventInvokeConfig
from harness.emulator.lambda_runtime.retries import (
    Condition,
    NextAttempt,
    after_function_error,
    after_throttle,
)


def a_config(*, retries: int | None = None, age: int | None = None) -> EventInvokeConfig:
    return EventInvokeConfig(maximum_retry_attempts=retries, maximum_event_age=age)


@pytest.mark.aws("S-10", "S-11", "S-15")
@pytest.mark.parametrize(
    ("failed_attempts", "age", "config", "following"),
    [
        pytest.param(1, 0.5, a_config(), 60.0, id="after a minute"),
        pytest.param(2, 61.0, a_config(), 120.0, id="after two more"),
        pytest.param(3, 182.0, a_config(), Condition.RETRIES_EXHAUSTED, id="two retries by default"),
        pytest.param(1, 0.5, a_config(retries=0), Condition.RETRIES_EXHAUSTED, id="no retries"),
        pytest.param(1, 0.5, a_config(retries=1), 60.0, id="one retry"),
        pytest.param(2, 61.0, a_config(retries=1), Condition.RETRIES_EXHAUSTED, id="one retry, and no more"),
        pytest.param(1, 0.0, a_config(age=60), 60.0, id="just young enough for a retry"),
        pytest.param(1, 0.5, a_config(age=60), Condition.EVENT_AGE_EXCEEDED, id="too old for a retry"),
        pytest.param(2, 90.0, a_config(age=180), Condition.EVENT_AGE_EXCEEDED, id="too old for the second"),
        pytest.param(
            1, 500.0, a_config(retries=0, age=60), Condition.RETRIES_EXHAUSTED, id="exhausted and too old"
        ),
        pytest.param(1, 21_600.0, a_config(), Condition.EVENT_AGE_EXCEEDED, id="six hours by default"),
    ],
)
def test_a_function_error_is_followed_by_a_retry_or_the_end(
    failed_attempts: int, age: float, config: EventInvokeConfig, following: NextAttempt
) -> None:
    assert after_function_error(failed_attempts, age=age, config=config) == following


@pytest.mark.aws("S-11", "S-12", "S-15", "S-16")
@pytest.mark.parametrize(
    ("throttles", "age", "reserved", "config", "following"),
    [
        pytest.param(1, 0.0, None, a_config(), 1.0, id="first"),
        pytest.param(4, 7.0, 5, a_config(), 8.0, id="doubles"),
        pytest.param(12, 3000.0, 5, a_config(), 300.0, id="at most five minutes"),
        pytest.param(80, 21_300.0, 5, a_config(), 300.0, id="almost six hours"),
        pytest.param(80, 21_301.0, 5, a_config(), Condition.EVENT_AGE_EXCEEDED, id="six hours"),
        pytest.param(6, 31.0, 5, a_config(age=60), Condition.EVENT_AGE_EXCEEDED, id="the age of the config"),
        pytest.param(6, 31.0, 5, a_config(retries=0), 32.0, id="a throttle is no retry"),
        pytest.param(1, 0.0, 0, a_config(), Condition.ZERO_RESERVED_CONCURRENCY, id="nothing is reserved"),
    ],
)
def test_a_throttled_event_backs_off_until_it_is_too_old(
    throttles: int, age: float, reserved: int | None, config: EventInvokeConfig, following: NextAttempt
) -> None:
    assert after_throttle(throttles, age=age, config=config, reserved_concurrency=reserved) == following
