"""Findings: how a check puts what it saw to words, and which of millions it keeps."""

from collections.abc import Iterable
from dataclasses import asdict
from itertools import islice, zip_longest

from harness.checks.needs import Need
from harness.checks.verdict import Cause, Evidence, Finding, Severity
from harness.record.history import History
from harness.record.observation import InsideHidden, Observation

MOST = 100
"""As many findings a check gives at most; its counts always tell all."""


def finding_of(
    kind: str,
    what: str,
    *observations: Observation,
    cause: Cause = Cause.OTHER,
    needs: Iterable[Need] = (),
    subject: Iterable[str] = (),
    severity: Severity = Severity.FAIL,
    count: int = 1,
    request: str | None = None,
) -> Finding:
    """A finding with the observations that prove it as its evidence, in time order."""
    evidence = tuple(map(evidence_of, sorted(observations, key=lambda one: one.at)))
    return Finding(kind, what, evidence, severity, count, request, frozenset(needs), tuple(subject), cause)


def evidence_of(observation: Observation) -> Evidence:
    """The observation as results carry it: in words, and with its fields for programs."""
    fields = {"kind": type(observation).__name__, **asdict(observation)}
    return Evidence(observation.at, observation.words, fields)


def most_telling(*kinds: Iterable[Finding]) -> tuple[Finding, ...]:
    """At most `MOST` findings: the first of every kind, then the second of every kind, and so on.

    `kinds` are given most telling first. They may be generators: no more of them is worded than is kept.
    """
    rounds = zip_longest(*(islice(kind, MOST) for kind in kinds))
    return tuple(islice((one for round_ in rounds for one in round_ if one is not None), MOST))


def hidden(history: History) -> InsideHidden | None:
    """That the backend shows nothing of its inside, None where it does."""
    return next(iter(history.of(InsideHidden)), None)


def unseen(what: str, seen: InsideHidden) -> Finding:
    """That `what` a check needs happens inside: `whether functions failed`."""
    told = f"{what} cannot be seen: {seen.reason}"
    return finding_of("not shown", told, cause=Cause.NOT_SHOWN, severity=Severity.UNKNOWN, subject=(what,))
