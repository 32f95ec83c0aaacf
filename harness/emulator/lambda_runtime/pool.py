"""Pool of one function's execution environments: the rules by which they take invocations.

Idle environments are reused, the most recently used first; invocations wait first in, first out, for whichever
environment becomes free first; new environments are wanted only for invocations that no start is under way for, and
no environment that has returned its last result and is about to ask for the next invocation.
"""

from collections import deque
from typing import Generic, TypeVar

E = TypeVar("E")
I = TypeVar("I")  # noqa: E741 - I for invocation, as E for environment


class Pool(Generic[E, I]):
    """One function's environments and the invocations that wait for them; at most `limit` environments.

    It is told what becomes of environments and says who takes what (`match`) and how many are to be started
    (`starts_wanted`); it starts and ends none itself. Telling it of one that it does not know changes nothing.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.waiting: deque[I] = deque()
        self._idle: dict[E, float] = {}
        self._starting: set[E] = set()
        self._busy: set[E] = set()
        self._about_to_ask: set[E] = set()

    @property
    def size(self) -> int:
        """How many environments there are."""
        return len(self._idle) + len(self._starting) + len(self._busy)

    @property
    def concurrency(self) -> int:
        """Invocations that run or wait."""
        return len(self._busy) - len(self._about_to_ask) + len(self.waiting)

    @property
    def starts_wanted(self) -> int:
        """How many more environments should be started now."""
        unserved = len(self.waiting) - len(self._starting) - len(self._about_to_ask)
        return max(0, min(unserved, self.limit - self.size))

    def started(self, environment: E) -> None:
        """The environment's process is being started."""
        self._starting.add(environment)

    def freed(self, environment: E, *, at: float) -> None:
        """The environment is initialised, or its invocation has ended: it is idle since `at`."""
        self._forget(environment)
        self._idle[environment] = at

    def returned(self, environment: E) -> None:
        """The environment has returned its result, and is idle as soon as it asks for the next invocation."""
        self._about_to_ask.add(environment)

    @property
    def waits_for_returned(self) -> bool:
        """Whether an invocation waits that an environment which has returned could take."""
        return bool(self.waiting and self._about_to_ask)

    def give_up_returned(self) -> None:
        """Environments that have returned do not ask: their functions still keep them busy."""
        self._about_to_ask.clear()

    def removed(self, environment: E) -> None:
        """The environment is no more."""
        self._forget(environment)
        self._idle.pop(environment, None)

    def _forget(self, environment: E) -> None:
        self._starting.discard(environment)
        self._busy.discard(environment)
        self._about_to_ask.discard(environment)

    def is_idle(self, environment: E) -> bool:
        return environment in self._idle

    def match(self) -> tuple[E, I] | None:
        """The next invocation and the environment that takes it, now busy; None when either is missing."""
        if not self.waiting or not self._idle:
            return None
        environment, _ = self._idle.popitem()
        self._busy.add(environment)
        return environment, self.waiting.popleft()

    def idle(self) -> tuple[E, ...]:
        """The idle environments, least recently used first."""
        return tuple(self._idle)

    def idle_since(self, at: float) -> tuple[E, ...]:
        """The environments that have been idle since `at` or longer."""
        return tuple(environment for environment, since in self._idle.items() if since <= at)

    @property
    def oldest_idle_at(self) -> float | None:
        """Since when the least recently used environment has been idle."""
        return next(iter(self._idle.values()), None)
