"""Verdicts: what a check answers, a verdict, a sentence, figures, and the findings that prove it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from harness.percentiles import Percentile


class Verdict(Enum):
    """PASS, FAIL, or UNKNOWN when the history cannot tell; worst first: FAIL > UNKNOWN > PASS."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    UNKNOWN = "UNKNOWN"
    FAIL = "FAIL"

    @staticmethod
    def worst(verdicts: "Iterable[Verdict]") -> "Verdict":
        """The worst of them; UNKNOWN for none at all, because nothing was judged."""
        order = list(Verdict)
        return max(verdicts, key=order.index, default=Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen at one moment: in words, without the time; `fields` hold the same for programs, JSON values.

    `at` counts as the history does: from `ScenarioResult.timeline_at` on it is a time of the timeline.
    """

    at: float
    words: str
    fields: Mapping[str, object] = field(default_factory=dict)


class Severity(Enum):
    """What a finding does to its check's verdict: FAIL and UNKNOWN set it, a WARNING turns nothing red."""

    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"
    WARNING = "WARNING"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, in plain words, and what was seen that proves it, in time order.

    One cause is one finding: `count` says how often it was met. `request` is an invocation whose log shows it.
    """

    kind: str
    what: str
    evidence: tuple[Evidence, ...] = ()
    severity: Severity = Severity.FAIL
    count: int = 1
    request: str | None = None


@dataclass(frozen=True, slots=True)
class LatencyFigures:
    """Latencies over the expected deliveries of one event type on one channel; a missing one is infinite.

    `seconds` holds every percentile, in the order of `PERCENT`.
    """

    type: str
    channel: str
    expected: int
    missing: int
    seconds: Mapping[Percentile, float]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check's answer on one history.

    `summary` is one line ("12 000 of 12 000 expected messages arrived, nothing else"); `counts` are the figures
    behind it by name; `findings` are all that is wrong, most telling first (reports show the first few). An UNKNOWN
    that is `accepted` is told like any other, and stops nobody. `seconds` is how long it took to answer.
    """

    check: str
    verdict: Verdict
    summary: str
    findings: tuple[Finding, ...] = ()
    counts: Mapping[str, float] = field(default_factory=dict)
    latencies: tuple[LatencyFigures, ...] = ()
    accepted: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """Every check's answer on one scenario's history; `seconds` is how long the scenario took.

    `timeline_at` is the observations' time at which the timeline began: reports tell times from there. `logged` is
    what functions wrote of errors, where the verdict is not PASS.
    """

    scenario: str
    title: str
    results: tuple[CheckResult, ...]
    seconds: float
    timeline_at: float = 0.0
    logged: tuple[Evidence, ...] = ()

    @property
    def verdict(self) -> Verdict:
        return Verdict.worst(result.verdict for result in self.results)

    @property
    def gate(self) -> Verdict:
        """What decides whether a change may go on: the verdict without the UNKNOWNs that were accepted."""
        open_ones = [result.verdict for result in self.results if not result.accepted]
        return Verdict.worst(open_ones) if open_ones or not self.results else Verdict.PASS

    def accepting(self, checks: Collection[str]) -> "ScenarioResult":
        """The same, with every UNKNOWN of these checks accepted."""
        results = (
            replace(result, accepted=result.verdict is Verdict.UNKNOWN and result.check in checks)
            for result in self.results
        )
        return replace(self, results=tuple(results))
