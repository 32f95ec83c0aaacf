"""Likewise: one thing that is wrong, told in full, and with whom it is just so.

Where the cause is one and the words differ by client only: `alice's row was never deleted; and 11 more (btc/2, ...)`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.checks import wording
from harness.checks.completeness import Completeness
from harness.checks.findings import finding_of
from harness.checks.needs import Need
from harness.checks.verdict import Cause, Finding
from harness.record.observation import Observation


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong with a client, or a connection; those of one kind and `key` are alike."""

    kind: str
    who: str
    what: str
    proof: tuple[Observation, ...] = ()
    needs: frozenset[Need] = frozenset()
    request: str | None = None
    key: tuple[str, ...] = ()
    cause: Cause = Cause.OTHER


@dataclass(slots=True)
class _Group:
    first: Wrong
    count: int = 0
    others: set[str] = field(default_factory=set)

    def finding(self) -> Finding:
        first, more = self.first, self.count - 1
        named = f" ({wording.listed(self.others)})" if self.others else ""
        so = f"; and {wording.amount(more)} more{named}" if more else ""
        return finding_of(
            first.kind,
            first.what + so,
            *first.proof,
            cause=first.cause,
            needs=first.needs,
            subject=(*first.key, first.who),
            count=self.count,
            request=first.request,
        )


def likewise(wrong: Iterable[Wrong], completeness: Completeness) -> tuple[Finding, ...]:
    """One finding for those alike that stand or fall together. What is kept grows with clients, not with `wrong`."""
    groups: dict[tuple[str, ...], _Group] = {}
    for one in wrong:
        group = groups.setdefault((one.kind, *one.key, completeness.lacks_any(one.needs)), _Group(one))
        group.count += 1
        if one.who != group.first.who:
            group.others.add(one.who)
    return tuple(group.finding() for group in groups.values())


def counted(findings: Iterable[Finding], *kinds: str) -> int:
    """How often something of these kinds was met."""
    return sum(one.count for one in findings if one.kind in kinds)
