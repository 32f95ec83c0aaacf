"""How many invocations the account and its functions run at a time."""

import pytest

from harness.emulator.lambda_runtime.concurrency import Use, throttle, unreserved
from harness.emulator.lambda_runtime.outcome import Throttled

RESERVED = Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
ACCOUNT = Throttled("ConcurrentInvocationLimitExceeded")


@pytest.mark.aws("L-8", "L-28", "S-16")
@pytest.mark.parametrize(
    ("function", "others", "expected"),
    [
        pytest.param(Use(999, None), [], None, id="the last of the account"),
        pytest.param(Use(1000, None), [], ACCOUNT, id="one too many for the account"),
        pytest.param(Use(0, None), [Use(600, None), Use(400, None)], ACCOUNT, id="others use it all"),
        pytest.param(Use(899, None), [Use(0, 100)], None, id="the last that nobody reserved"),
        pytest.param(Use(900, None), [Use(0, 100)], ACCOUNT, id="the rest is reserved, though not used"),
        pytest.param(Use(0, None), [Use(100, 100)], None, id="others use what they reserved"),
        pytest.param(Use(4, 5), [Use(995, None)], None, id="the last of its own"),
        pytest.param(Use(5, 5), [], RESERVED, id="one too many for what it reserved"),
        pytest.param(Use(0, 0), [], RESERVED, id="a function that reserves nothing"),
    ],
)
def test_an_invocation_over_a_limit_is_throttled_with_its_reason(
    function: Use, others: list[Use], expected: Throttled | None
) -> None:
    assert throttle(function, others, account=1000) == expected


def test_what_functions_reserve_is_not_left_for_others() -> None:
    assert unreserved([None, 100, 0, 50], account=1000) == 850
