"""When has everything arrived, as far as that can be told from outside?"""

from collections.abc import Awaitable, Callable

from harness.clock import Clock

STILL = 2.0
"""Seconds without a change that are taken for the end; longer than any effect is given to show (checks' GRACE)."""

LOOK_EVERY = 0.25


async def calm(
    timeout: float, *, signs: Callable[[], Awaitable[object]], clock: Clock, still: float = STILL
) -> bool:
    """True once `signs()` has answered the same for `still` seconds; False when `timeout` seconds ran out first.

    A timeout that is shorter than `still` twice over leaves half of it for being still.

    A system that hides its inside tells nobody when it is done, so that nothing is left but to look again. It is a
    judgement and no proof: what takes longer than `still` between two changes comes too late.
    """
    deadline, still = clock.monotonic() + timeout, min(still, timeout / 2)
    last = await signs()
    since = clock.monotonic()
    while (now := clock.monotonic()) - since < still:
        if now >= deadline:
            return False
        await clock.sleep(min(LOOK_EVERY, deadline - now))
        seen = await signs()
        if seen != last:
            last, since = seen, clock.monotonic()
    return True
