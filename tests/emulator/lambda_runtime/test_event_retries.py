import pytest

from harness.emulator.lambda_runtime.retries import delay_after_function_error, delay_after_throttle


@pytest.mark.parametrize(("failed_attempts", "delay"), [(1, 60.0), (2, 120.0), (3, None)])
def test_a_function_error_is_retried_twice(failed_attempts: int, delay: float | None) -> None:
    assert delay_after_function_error(failed_attempts) == delay


@pytest.mark.parametrize(
    ("throttles", "age", "reserved", "delay"),
    [
        pytest.param(1, 0.0, None, 1.0, id="first"),
        pytest.param(4, 7.0, 5, 8.0, id="doubles"),
        pytest.param(12, 3000.0, 5, 300.0, id="at most five minutes (S-12)"),
        pytest.param(80, 21_599.0, 5, 300.0, id="almost six hours"),
        pytest.param(80, 21_600.0, 5, None, id="six hours (S-12)"),
        pytest.param(1, 0.0, 0, None, id="reserved concurrency 0 (S-16)"),
    ],
)
def test_a_throttled_event_backs_off(
    throttles: int, age: float, reserved: int | None, delay: float | None
) -> None:
    assert delay_after_throttle(throttles, age=age, reserved_concurrency=reserved) == delay
