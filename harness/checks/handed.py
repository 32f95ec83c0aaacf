"""How often was a function handed a published event: did SNS deliver it again, or Lambda try it again?"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from harness.checks.inside import Invocation, by_message, invocations, is_visible
from harness.record.history import History


@dataclass(frozen=True, slots=True)
class Handed:
    """Of the function that was handed an event most often: by how many deliveries of SNS, in how many attempts.

    A delivery is one asynchronous invocation; Lambda tries it again with the same request id (S-10).
    """

    deliveries: int
    attempts: int

    def told(self) -> str:
        """Why a client may have received an event more than once, to follow after what it received."""
        if self.deliveries > 1:
            return f": SNS delivered its message {_times(self.deliveries)}"
        if self.attempts > 1:
            return f": Lambda tried its invocation {_times(self.attempts)}"
        return ": its function was handed it once"


class Handings:
    """What the history shows of it; None for everything where it does not show the inside."""

    def __init__(self, history: History) -> None:
        self._history = history

    @cached_property
    def _handed(self) -> Mapping[str, tuple[Invocation, ...]] | None:
        return by_message(invocations(self._history)) if is_visible(self._history) else None

    def of(self, messages: Iterable[str]) -> Handed | None:
        """How often these messages, which carry one event, were handed to a function."""
        if self._handed is None:
            return None
        handed = [one.started for message in messages for one in self._handed.get(message, ())]
        attempts = Counter(one.function for one in handed)
        deliveries = Counter(function for function, _ in {(one.function, one.request) for one in handed})
        return Handed(max(deliveries.values(), default=0), max(attempts.values(), default=0))


def _times(number: int) -> str:
    return "twice" if number == 2 else f"{number} times"
