"""Calm: when everything has arrived, as far as that can be told from outside."""

from collections.abc import Awaitable, Callable

from harness.clock import Clock

STILL = 2.0
"""Seconds without a change that are taken for the end; longer than any effect is given to show (checks' GRACE)."""

LOOK_EVERY = 0.25


async def calm(
    timeout: float,
    *,
    signs: Callable[[], Awaitable[object]],
    complete: Callable[[], bool] = lambda: True,
    clock: Clock,
    still: float = STILL,
) -> bool:
    """Returns once `signs()` has answered the same for `still` seconds and all that is expected is `complete()`.

    After `timeout` seconds it returns in any case: True when the signs were still by then, because what has not come
    so far is for the checks to miss; else False. A timeout shorter than `still` twice over leaves half of it for
    being still. Nobody tells when a hidden system is done, so that nothing is left but to look again: a judgement,
    and no proof.
    """
    deadline, still = clock.monotonic() + timeout, min(still, timeout / 2)
    last = await signs()
    since = clock.monotonic()
    while True:
        now = clock.monotonic()
        is_still = now - since >= still
        if now >= deadline or (is_still and complete()):
            return is_still
        await clock.sleep(min(LOOK_EVERY, deadline - now))
        if (seen := await signs()) != last:
            last, since = seen, clock.monotonic()
