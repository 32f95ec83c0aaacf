"""Cases that are alike: one cause met at many events and clients, told as one finding with exact counts.

A check yields a case for each thing that is wrong, cheap and without words; `alike` puts those of one key together,
and the check words what came of it: `4 events leaked (e52, e181, ...), each to all 12 of btc; all balanceUpdate`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from harness.checks import wording
from harness.checks.completeness import Completeness
from harness.checks.findings import finding_of
from harness.checks.needs import Need
from harness.checks.verdict import Cause, Finding, Severity
from harness.record.observation import Observation
from harness.scenario.model import Scenario


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that is wrong. Those with the same `key` have one cause: `("no function posted it",)`.

    `event`, its `type` and `client` are whom it concerns, as far as known. `proof` gives what was seen, and is asked
    of the first of those alike only; as is `request`, an invocation whose log shows it.
    """

    key: tuple[str, ...]
    event: str | None = None
    client: str | None = None
    type: str = ""
    needs: frozenset[Need] = frozenset()
    proof: Callable[[], Iterable[Observation]] = tuple
    request: str | None = None


@dataclass(slots=True)
class Alike:
    """The cases of one key that stand or fall together: `example` is the first of them, `count` is exact."""

    example: Case
    count: int = 0
    types: dict[str, None] = field(default_factory=dict)
    _events: dict[str, int] = field(default_factory=dict)  # as bits: which clients
    _clients: dict[str, int] = field(default_factory=dict)  # each client's bit

    def add(self, case: Case) -> None:
        """One more of them."""
        self.count += 1
        if case.type:
            self.types[case.type] = None
        bit = 0 if case.client is None else self._clients.setdefault(case.client, 1 << len(self._clients))
        if case.event is not None:
            self._events[case.event] = self._events.get(case.event, 0) | bit

    @property
    def events(self) -> tuple[str, ...]:
        """The events concerned, in the order of the cases."""
        return tuple(self._events)

    @property
    def clients(self) -> tuple[str, ...]:
        """The clients concerned."""
        return tuple(self._clients)

    def told(self, verb: str, preposition: str, groups: Mapping[str, int]) -> str:
        """`4 events leaked (e52, e181, ...), each to all 12 of btc; all balanceUpdate`; `e52 leaked to btc/1`.

        `groups` says how many clients each group has.
        """
        whom = f" {preposition} {wording.folded(self._clients, groups)}" if self._clients else ""
        of_type = f"; all {next(iter(self.types))}" if len(self.types) == 1 else ""
        if not self._events:
            return f"{wording.counted(self.count, 'message')} {verb}{whom}{of_type}"
        if len(self._events) == 1:
            (event,) = self._events
            return f"{event}{f' ({next(iter(self.types))})' if of_type else ''} {verb}{whom}"
        each = ", each" if whom and len(set(self._events.values())) == 1 else ","
        named = wording.first_few(self._events)
        many = wording.counted(len(self._events), "event")
        return f"{many} {verb} ({named}){each + whom if whom else ''}{of_type}"

    def finding(
        self,
        kind: str,
        what: str,
        *,
        cause: Cause,
        subject: Iterable[str] | None = None,
        severity: Severity = Severity.FAIL,
    ) -> Finding:
        """All of them as one finding, with the proof of the first; known again by its key unless told otherwise."""
        return finding_of(
            kind,
            what,
            *self.example.proof(),
            cause=cause,
            needs=self.example.needs,  # the others' are met, or not met for the same reason
            subject=self.example.key if subject is None else subject,
            severity=severity,
            count=self.count,
            request=self.example.request,
        )


def alike(cases: Iterable[Case], completeness: Completeness) -> tuple[Alike, ...]:
    """The cases by key, in the order of each key's first; what stands is apart from what the history cannot prove."""
    found: dict[tuple[tuple[str, ...], str], Alike] = {}
    for case in cases:
        key = case.key, completeness.lacks_any(case.needs)
        if key not in found:
            found[key] = Alike(case)
        found[key].add(case)
    return tuple(found.values())


def group_sizes(scenario: Scenario) -> Mapping[str, int]:
    """How many clients each group of the scenario has."""
    return {name: group.count for name, group in scenario.clients.items()}
