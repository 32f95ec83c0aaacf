"""What the emulator saw, kept in memory for whoever asks: a bounded, numbered list of observations."""

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import TypeAlias

from harness.record.observation import Observation

Note: TypeAlias = Callable[[Observation], None]
"""How the parts report what they see."""


class Journal:
    """The last `capacity` observations; each has a number, the first 0."""

    def __init__(self, capacity: int = 2_000_000) -> None:
        self._kept: deque[Observation] = deque(maxlen=capacity)
        self._noted = 0

    def note(self, observation: Observation) -> None:
        """Keeps the observation; the oldest one falls out when the journal is full."""
        self._kept.append(observation)
        self._noted += 1

    @property
    def next_number(self) -> int:
        """The number that the next observation will get."""
        return self._noted

    def since(self, number: int) -> tuple[tuple[Observation, ...], int]:
        """The observations from `number` on, and how many of them were lost because the journal was full."""
        first_kept = self._noted - len(self._kept)
        lost = max(0, first_kept - number)
        start = max(number, first_kept) - first_kept
        return tuple(islice(self._kept, start, None)), lost
