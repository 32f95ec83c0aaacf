"""Verdicts: what a check answers, a verdict, a sentence, figures, and the findings that prove it."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum, auto

from harness.checks.needs import Need
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


class Cause(IntEnum):
    """What kind of thing a finding tells, causes before their effects: a report shows the least of them first."""

    DID_NOT_START = auto()
    HISTORY = auto()
    """The history was changed, or does not hold the whole run."""
    SATURATION = auto()
    """More was asked for than could be done."""
    UNSETTLED = auto()
    """Something was still in flight when the run gave up waiting."""
    BAD_ANSWER = auto()
    """A function answered what is no response, or that it failed."""
    FUNCTION_ERROR = auto()
    MISDIRECTED_POST = auto()
    """A post that found no API, stage or route."""
    LIVE_ROW = auto()
    """The row of a connection that was open is gone, so that nothing is posted to it any more."""
    LEAK = auto()
    WRONG_EVENT = auto()
    """A message names another event than its invocation was handed."""
    ALTERED = auto()
    STRAY = auto()
    LATE_POST = auto()
    """Posted when the invocation it belongs to had ended."""
    LOST = auto()
    DUPLICATED = auto()
    REFUSAL = auto()
    PURGE = auto()
    ROWS = auto()
    ORDER = auto()
    LATENCY = auto()
    OTHER = auto()
    NOT_SHOWN = auto()
    """What a check needs is hidden by the backend, or nothing was there to be judged."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, in plain words, and what was seen that proves it, in time order.

    One cause is one finding: `count` says how often it was met. `request` is an invocation whose log shows it.
    `needs` is what must have been seen whole for it to stand; none for what was seen itself. `subject` names what it
    is about, the same in every run (an event, a client, a function: no times, no counts, no ids that AWS made up).

    The judge fills in the rest: `check`, whose finding it is; `id`, by which the same finding is known again in every
    report and in the next run; `lacking`, why it was turned to UNKNOWN.
    """

    kind: str
    what: str
    evidence: tuple[Evidence, ...] = ()
    severity: Severity = Severity.FAIL
    count: int = 1
    request: str | None = None
    needs: frozenset[Need] = frozenset()
    subject: tuple[str, ...] = ()
    cause: Cause = Cause.OTHER
    check: str = ""
    id: str = ""
    lacking: str = ""

    @property
    def rank(self) -> tuple[bool, bool, Cause, bool]:
        """A sort key that puts causes before effects; behind them what may not be so, and warnings behind all."""
        unsure = self.severity is Severity.UNKNOWN
        return (self.severity is Severity.WARNING, bool(self.lacking), self.cause, unsure)


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
    behind it by name; `findings` are what is wrong, most telling first (reports show the first few), and `found` says
    how many there were of each kind before the judge kept some. An UNKNOWN that is `accepted` is told like any other,
    and stops nobody. `needs` is what must have been seen whole for a PASS. `seconds` is how long it took to answer.

    `answer` makes one; its verdict is final once the judge has put the needs against the history.
    """

    check: str
    verdict: Verdict
    summary: str
    findings: tuple[Finding, ...] = ()
    counts: Mapping[str, float] = field(default_factory=dict)
    latencies: tuple[LatencyFigures, ...] = ()
    accepted: bool = False
    needs: frozenset[Need] = frozenset()
    judged: bool = True
    found: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0


def answer(
    check: str,
    summary: str,
    findings: Iterable[Finding] = (),
    counts: Mapping[str, float] | None = None,
    *,
    judged: bool = True,
    needs: Iterable[Need] = (),
    latencies: Iterable[LatencyFigures] = (),
) -> CheckResult:
    """A check's answer, whose verdict follows from its findings; UNKNOWN when nothing of it was `judged`.

    `needs` is what a PASS needs. `found` counts all of the findings that are given.
    """
    given = tuple(findings)
    return CheckResult(
        check,
        verdict_of(given, judged=judged),
        summary,
        given,
        counts or {},
        tuple(latencies),
        needs=frozenset(needs),
        judged=judged,
        found=Counter(one.kind for one in given),
    )


def verdict_of(findings: Iterable[Finding], *, judged: bool) -> Verdict:
    """The worst that a finding says; without one PASS, or UNKNOWN when nothing was `judged`."""
    nothing_wrong = Verdict.PASS if judged else Verdict.UNKNOWN
    return Verdict.worst((nothing_wrong, *(_VERDICTS.get(one.severity, Verdict.PASS) for one in findings)))


_VERDICTS = {Severity.FAIL: Verdict.FAIL, Severity.UNKNOWN: Verdict.UNKNOWN}


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
    def causes(self) -> tuple[Finding, ...]:
        """The findings of all checks, causes before effects."""
        return tuple(
            sorted((one for result in self.results for one in result.findings), key=lambda one: one.rank)
        )

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
