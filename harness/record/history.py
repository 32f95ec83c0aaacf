"""History: everything seen in one run, in time order, and what is known of its completeness.

This one is in memory; `stored` has the one that is read from a file as it is gone through.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf
from operator import attrgetter
from typing import TypeVar, overload

from harness.record.observation import Observation, RecordingBegan, RecordingEnded

Kind = TypeVar("Kind")

_BY_TIME = attrgetter("at")


@dataclass(frozen=True, slots=True)
class Gap:
    """Observations that a source numbered and that are missing: those from `first` to before `end`.

    They were seen after `after` and before `before`, the times of what is next to them; infinite where nothing is.
    `source` is `clients` or `inside`.
    """

    source: str
    first: int
    end: int
    after: float = -inf
    before: float = inf


class History:
    """The observations of one run, sorted by `at`; those of one instant stay in the order they were given.

    `torn` says that the writer died in the middle of the last line, so that the end is missing. `gaps` are what is
    missing between observations that are there. `sealed` says that the run had written down what the history is, and
    `changed` that it is another one now.
    """

    def __init__(
        self,
        observations: Iterable[Observation] = (),
        *,
        torn: bool = False,
        gaps: tuple[Gap, ...] = (),
        sealed: bool = False,
        changed: bool = False,
    ) -> None:
        self.torn, self.gaps, self.sealed, self.changed = torn, gaps, sealed, changed
        self._all = tuple(sorted(observations, key=_BY_TIME))
        self._by_kind: dict[type, tuple[Observation, ...]] = {}

    @property
    def observations(self) -> tuple[Observation, ...]:
        """All of them at once."""
        return self._all

    def of(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """The observations of one class, in time order; sorted out once for all classes."""
        if not self._by_kind:
            self._by_kind.update(sorted_out(self._all))
        return self._by_kind.get(kind, ())  # type: ignore[return-value]  # keyed by the values' own class

    @overload
    def each(self) -> Iterator[Observation]: ...

    @overload
    def each(self, *kinds: type[Kind]) -> Iterator[Kind]: ...

    def each(self, *kinds: type[object]) -> Iterator[object]:
        """The observations of these classes in time order, of all without a class; as often as it is called."""
        for seen in self._all:
            if not kinds or type(seen) in kinds:
                yield seen

    @property
    def began(self) -> bool:
        """Whether the beginning of the recording is in it."""
        return bool(self.of(RecordingBegan))

    @property
    def ended(self) -> bool:
        """Whether recording ended in order, and that end is in it."""
        return bool(self.of(RecordingEnded))

    @property
    def begins_at(self) -> float:
        """The first observation's `at`, 0.0 when nothing was seen."""
        return self._all[0].at if self._all else 0.0

    @property
    def ends_at(self) -> float:
        """The last observation's `at`, 0.0 when nothing was seen."""
        return self._all[-1].at if self._all else 0.0


def sorted_out(observations: Iterable[Observation]) -> dict[type, tuple[Observation, ...]]:
    """The observations by their classes, each in the order in which they come."""
    lists: dict[type, list[Observation]] = {}
    for observation in observations:
        lists.setdefault(type(observation), []).append(observation)
    return {kind: tuple(seen) for kind, seen in lists.items()}
