"""How long did events take from their intended publish time to each client that had to receive them?

Figures are over what was expected: a missing message counts as infinitely late. Where the history shows the inside,
`counts` tells medians of the way in seconds, and of what the harness itself adds.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import inf
from typing import TypeAlias

from harness.checks import wording
from harness.checks.deliveries import Deliveries, deliveries_of
from harness.checks.findings import finding_of
from harness.checks.inside import is_visible
from harness.checks.needs import CONNECTIONS, INVOCATIONS, SETTLED, Need
from harness.checks.timings import Key, Row
from harness.checks.verdict import Cause, CheckResult, Finding, LatencyFigures, Severity, answer
from harness.percentiles import PERCENT, percentile, percentiles
from harness.record.history import History
from harness.record.observation import LoopLag, Observation
from harness.scenario.model import Scenario, Threshold

NAME = "latency"
ALL = "all"

_MISSING_NEEDS: frozenset[Need] = frozenset({SETTLED, CONNECTIONS.where_shown(), INVOCATIONS.where_shown()})
"""What must have been seen whole for a message to be missing."""


def check(scenario: Scenario, history: History) -> CheckResult | None:
    """FAIL for a threshold that does not hold; UNKNOWN when nothing was measured for one, or when the load generator
    was saturated: it held but for the largest lag of the crowd's loop and publishes later than the threshold.

    Without thresholds the figures alone are shown, as a PASS that says so; UNKNOWN when something never arrived,
    which has no figure; None when there are none at all.
    """
    found = deliveries_of(scenario, history)
    rows, thresholds = found.timings.rows, scenario.expect.latency
    if not rows and not thresholds:
        return None
    judged = [_judged(threshold, rows, history) for threshold in thresholds]
    missing = sum(len(one.missing) for one in rows.values())
    return answer(
        NAME,
        _summary(judged, rows),
        (one.finding for one in judged if one.finding is not None),
        _counts(found, history),
        judged=bool(thresholds) or not missing,
        needs=(SETTLED,),
        latencies=_figures(rows),
    )


_Rows: TypeAlias = Mapping[Key, Row]


def _figures(rows: _Rows) -> Iterator[LatencyFigures]:
    """Everything together first, then one row per type and channel."""
    if rows:
        yield _figure((ALL, ALL), rows.values())
        yield from (_figure(key, [rows[key]]) for key in sorted(rows))


def _figure(key: Key, rows: Collection[Row]) -> LatencyFigures:
    ordered, missing = _ordered(rows), sum(len(one.missing) for one in rows)
    return LatencyFigures(*key, len(ordered), missing, percentiles(ordered))


def _ordered(rows: Collection[Row]) -> list[float]:
    """Every latency, infinite for what never arrived, in rising order."""
    ordered = sorted(chain.from_iterable(one.latencies for one in rows))
    ordered.extend([inf] * sum(len(one.missing) for one in rows))
    return ordered


@dataclass(frozen=True, slots=True)
class _Judged:
    """A threshold's answer; `measured` is None when there was nothing to measure."""

    threshold: Threshold
    measured: float | None = None
    finding: Finding | None = None

    @property
    def told(self) -> str:
        figure = "nothing measured" if self.measured is None else wording.duration(self.measured)
        limit = wording.duration(self.threshold.seconds)
        return f"{self.threshold.percentile} {figure} ({self.threshold.sign} {limit}{self.whose})"

    @property
    def whose(self) -> str:
        only = [name for name in (self.threshold.type, self.threshold.channel) if name is not None]
        return f", {' on '.join(only)}" if only else ""


def _judged(threshold: Threshold, rows: _Rows, history: History) -> _Judged:
    matching = [row for (kind, _), row in rows.items() if _matches(threshold, kind, row)]
    if not matching:
        what = f"no delivery was expected that {_sentence(threshold)} could be measured on"
        return _Judged(threshold, None, _unjudged("no samples", what, threshold))
    percent = PERCENT[threshold.percentile]
    ordered = _ordered(matching)
    measured = percentile(ordered, percent)
    if threshold.holds(measured):
        return _Judged(threshold, measured)
    lag = _largest_lag(matching, history)
    unloaded = sorted(_without_our_own_delay(matching, threshold.seconds, lag.lag if lag else 0.0))
    if threshold.holds(percentile(unloaded, percent)):
        return _Judged(threshold, measured, _saturated(threshold, measured, matching, lag))
    return _Judged(threshold, measured, _too_slow(threshold, measured, matching))


def _matches(threshold: Threshold, kind: str, row: Row) -> bool:
    is_of_channel = threshold.channel is None or threshold.channel in row.channels
    return threshold.type in (None, kind) and is_of_channel


def _largest_lag(rows: Sequence[Row], history: History) -> LoopLag | None:
    """The worst lag of the crowd's loop while these deliveries were under way."""
    begins_at = min(one.begins_at for one in rows)
    ends_at = max(one.ends_at for one in rows)
    ends_at = history.ends_at if ends_at == -inf else ends_at
    during = (one for one in history.of(LoopLag) if begins_at <= one.at <= ends_at + one.lag)
    return max(during, key=lambda one: one.lag, default=None)


def _without_our_own_delay(rows: Sequence[Row], limit: float, lag: float) -> Iterator[float]:
    for row in rows:
        for latency, lateness in zip(row.latencies, row.lateness, strict=True):
            yield latency - lag - (lateness if lateness > limit else 0.0)
        yield from [inf] * len(row.missing)


def _unjudged(kind: str, what: str, threshold: Threshold, *evidence: Observation) -> Finding:
    return finding_of(
        kind,
        what,
        *evidence,
        cause=Cause.SATURATION if kind == "saturated" else Cause.NOT_SHOWN,
        severity=Severity.UNKNOWN,
        subject=(_sentence(threshold),),
    )


def _saturated(threshold: Threshold, measured: float, rows: Sequence[Row], lag: LoopLag | None) -> Finding:
    latest = max((one.latest for one in rows if one.latest), key=lambda one: one.at - one.intended_at)
    what = (
        f"the load generator was saturated: {_sentence(threshold)} does not hold ({wording.duration(measured)}), "
        f"but its own loop lagged up to {wording.duration(lag.lag if lag else 0.0)} "
        f"and it published up to {wording.duration(latest.at - latest.intended_at)} late"
    )
    evidence: tuple[Observation, ...] = (latest,) if lag is None else (latest, lag)
    return _unjudged("saturated", what, threshold, *evidence)


def _too_slow(threshold: Threshold, measured: float, rows: Sequence[Row]) -> Finding:
    """Without the missing it may hold: then it does not only if they are missing for sure."""
    missing, expected = sum(len(one.missing) for one in rows), len(_ordered(rows))
    lost = f", {wording.amount(missing)} of them never arrived" if missing else ""
    worst, evidence = _worst(rows)
    what = (
        f"{_sentence(threshold)} does not hold: it was {wording.duration(measured)} "
        f"over {wording.counted(expected, 'expected delivery', 'expected deliveries')}{lost}; {worst}"
    )
    return finding_of(
        "too slow",
        what,
        *evidence,
        cause=Cause.LATENCY,
        needs=() if _is_slow_anyway(threshold, rows) else _MISSING_NEEDS,
        subject=(_sentence(threshold),),
    )


def _is_slow_anyway(threshold: Threshold, rows: Sequence[Row]) -> bool:
    """Whether the threshold does not hold of what arrived, had the missing come at once."""
    arrived = sorted(chain.from_iterable(one.latencies for one in rows))
    missing = sum(len(one.missing) for one in rows)
    return not threshold.holds(percentile([-inf] * missing + arrived, PERCENT[threshold.percentile]))


def _worst(rows: Sequence[Row]) -> tuple[str, tuple[Observation, ...]]:
    """The slowest delivery in words, one that never came before all others, and what was seen of it."""
    lost = next((one.lost for one in rows if one.lost is not None), None)
    if lost is not None:
        return f"{wording.event(lost[0])} never arrived at {lost[1]}", (lost[0],)
    _, published, message = max((one.slowest for one in rows if one.slowest), key=lambda one: one[0])
    return f"slowest: {wording.event(published)} at {message.client}", (published, message)


def _sentence(threshold: Threshold) -> str:
    parts = [f"{threshold.percentile} {threshold.sign} {wording.duration(threshold.seconds)}"]
    parts += [f"of {threshold.type}"] if threshold.type is not None else []
    parts += [f"on {threshold.channel}"] if threshold.channel is not None else []
    return " ".join(parts)


def _summary(judged: Sequence[_Judged], rows: _Rows) -> str:
    ordered = _ordered(rows.values())
    over = f"over {wording.counted(len(ordered), 'expected delivery', 'expected deliveries')}"
    if judged:
        return f"{', '.join(one.told for one in judged)} {over}"
    if missing := sum(len(one.missing) for one in rows.values()):
        return f"{wording.amount(missing)} never arrived (see routing) {over}; the scenario sets no threshold"
    p99 = wording.duration(percentile(ordered, PERCENT["p99"]))
    return f"p99 {p99} {over}; the scenario sets no threshold"


def _counts(found: Deliveries, history: History) -> dict[str, float]:
    rows = found.timings.rows.values()
    lateness = chain.from_iterable(chain(one.lateness, one.missing) for one in rows)
    counts: dict[str, float] = {
        "expected": sum(len(one.latencies) + len(one.missing) for one in rows),
        "missing": sum(len(one.missing) for one in rows),
        "max_loop_lag_s": max((one.lag for one in history.of(LoopLag)), default=0.0),
        "max_publish_lateness_s": max(lateness, default=0.0),
    }
    return counts | (found.timings.breakdown(found.lineage.attempts) if is_visible(history) else {})
