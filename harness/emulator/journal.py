"""Journal of what the emulator saw, in memory for whoever asks: a bounded, numbered list of observations."""

from collections.abc import Callable
from typing import TypeAlias

from harness.record.lines import LineWriter
from harness.record.observation import Observation

Note: TypeAlias = Callable[[Observation], None]
"""How the parts report what they see."""

CAPACITY = 2_000_000  # observations: some 500 MB


class Journal:
    """The last `capacity` observations; each has a number, the first 0."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._ring: list[Observation] = []
        self._noted = 0

    def note(self, observation: Observation) -> None:
        """Keeps the observation, in the place of the oldest one once the journal is full."""
        if self._noted < self._capacity:
            self._ring.append(observation)
        else:
            self._ring[self._noted % self._capacity] = observation
        self._noted += 1

    @property
    def next_number(self) -> int:
        """The number that the next observation will get."""
        return self._noted

    def since(self, number: int, *, most: int) -> tuple[tuple[Observation, ...], int, int]:
        """At most `most` observations from `number` on, the number after them, and how many were lost before."""
        first_kept = self._noted - len(self._ring)
        start = max(number, first_kept)
        end = min(self._noted, start + most)
        seen = tuple(self._ring[kept % self._capacity] for kept in range(start, end))
        return seen, max(start, end), max(0, first_kept - number)

    def page(self, number: int, *, most: int) -> tuple[bytes, int, int]:
        """The same as lines of a history, which can be read without those of any page before."""
        seen, end, lost = self.since(number, most=most)
        writer = LineWriter()
        lines = b"".join(map(writer.line, seen, range(end - len(seen), end)))
        return lines, end, lost
