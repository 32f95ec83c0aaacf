"""Chance, passed in: the few draws the harness makes, so that a pure rule never imports `random`.

`random.Random` is both a `Chance` (an instance) and a `Chances` (the class itself).
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias, TypeVar

T = TypeVar("T")


class Chance(Protocol):
    """A seeded source of draws."""

    def random(self) -> float:
        """At least 0.0 and less than 1.0."""

    def randint(self, a: int, b: int) -> int:
        """From a to b, both included."""

    def choice(self, seq: Sequence[T]) -> T:
        """One of the elements."""


Chances: TypeAlias = Callable[[int], Chance]
"""Makes the `Chance` of a seed; the same seed gives the same draws."""
