"""Lag of the event loop: how late it wakes, which is what a latency may owe to the harness itself."""

from harness.clients.connection import Note
from harness.clock import Clock
from harness.record.observation import LoopLag

SAMPLED_EVERY = 0.020
TOLERATED = 0.005


async def watch_loop_lag(
    clock: Clock, note: Note, *, every: float = SAMPLED_EVERY, tolerated: float = TOLERATED
) -> None:
    """Notes a LoopLag whenever a sleep of `every` seconds ended more than `tolerated` late; until cancelled."""
    while True:
        due = clock.monotonic() + every
        await clock.sleep(every)
        woken = clock.monotonic()
        if woken - due > tolerated:
            note(LoopLag(woken, woken - due))
