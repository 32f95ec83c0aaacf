"""Completeness from outside: whether everybody received what they must, by what clients and publisher have seen."""

from collections.abc import Callable

from harness.checks.deliveries import deliveries_of
from harness.record.history import History
from harness.record.observation import ClientConnected, MessageReceived, Observation
from harness.scenario.model import Scenario


class SeenOutside:
    """Passes observations on to `note`, and remembers them for the question.

    Where a backend hides its inside this is all that there is to tell whether something is still on its way.
    """

    def __init__(self, scenario: Scenario, note: Callable[[Observation], None]) -> None:
        self._scenario, self._pass_on = scenario, note
        self._seen: list[Observation] = []
        self._messages, self._opened = 0, 0

    def note(self, seen: Observation) -> None:
        """Takes an observation of a client or of the publisher."""
        self._seen.append(seen)
        self._messages += isinstance(seen, MessageReceived)
        self._opened += isinstance(seen, ClientConnected)
        self._pass_on(seen)

    def messages(self) -> int:
        """How many text messages the clients have received."""
        return self._messages

    def opened(self) -> int:
        """How many connections the clients have opened."""
        return self._opened

    def complete(self) -> bool:
        """Whether every published event has arrived at everybody who must receive it."""
        return not any(deliveries_of(self._scenario, History(tuple(self._seen))).lost())
