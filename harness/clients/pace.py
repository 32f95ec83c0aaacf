"""Pace: when the next one may go, never more in a second than a rate allows."""

from harness.clock import Clock


class Pace:
    """Turns at most `rate` a second, evenly; None lets everybody go at once."""

    def __init__(self, rate: float | None, clock: Clock) -> None:
        self._gap, self._clock = 1 / rate if rate else 0.0, clock
        self._next_at = clock.monotonic()

    async def turn(self) -> None:
        """Returns when it is the caller's turn, in the order of calling."""
        mine = max(self._next_at, self._clock.monotonic())
        self._next_at = mine + self._gap
        while (early := mine - self._clock.monotonic()) > 0:
            await self._clock.sleep(early)
