"""Concurrency limits: what the account allows, what functions reserve of it, who is throttled (L-8, L-28, S-16)."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.emulator.lambda_runtime.outcome import Throttled

ACCOUNT_CONCURRENCY = 1_000
"""Invocations at a time in one account and region, until AWS raises it (L-8)."""

MAX_ENVIRONMENTS = 8
"""Environments of one function at a time on this machine, unless it reserves concurrency: more wait their turn."""

LEAST_UNRESERVED = 100
"""How much of the account's concurrency functions cannot reserve."""


@dataclass(frozen=True, slots=True)
class Use:
    """What one function runs now, and what it reserves; None for an unreserved function."""

    running: int
    reserved: int | None


def throttle(function: Use, others: Iterable[Use], *, account: int) -> Throttled | None:
    """Why one more invocation of the function may not run beside the `others`; None when it may."""
    if function.reserved is not None:
        is_full = function.running >= function.reserved
        return Throttled("ReservedFunctionConcurrentInvocationLimitExceeded") if is_full else None
    running, left = function.running, account
    for other in others:
        if other.reserved is None:
            running += other.running
        else:
            left -= other.reserved
    return Throttled("ConcurrentInvocationLimitExceeded") if running >= left else None


def unreserved(reserved: Iterable[int | None], *, account: int) -> int:
    """What is left of the account's concurrency for functions that reserve none of it."""
    return account - sum(each or 0 for each in reserved)
