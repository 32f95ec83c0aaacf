"""How long did events take from their intended publish time to each client that had to receive them?

Figures are over what was expected: a missing message counts as infinitely late. Where the history shows the inside,
`counts` tells medians of the way in seconds, and of what the harness itself adds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from statistics import median
from typing import TypeAlias

from harness.checks import wording
from harness.checks.expected import Arrivals, Expected, arrivals, expected
from harness.checks.findings import finding_of, most_telling
from harness.checks.inside import Connections, invocations, is_visible
from harness.checks.posts import Posts, posts_of
from harness.checks.verdict import CheckResult, Finding, LatencyFigures, Verdict
from harness.percentiles import PERCENT, percentile, percentiles
from harness.record.history import History
from harness.record.observation import (
    ConnectionPosted,
    EventPublished,
    LoopLag,
    MessageReceived,
    Observation,
)
from harness.scenario.model import Scenario, Threshold

NAME = "latency"
ALL = "all"

_Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event at one client that had to receive it; `received` is None when it never came."""

    published: EventPublished
    client: str
    received: MessageReceived | None

    @property
    def latency(self) -> float:
        """Seconds from the intended publish time to the arrival; infinity when it never came."""
        return inf if self.received is None else self.received.at - self.published.intended_at

    @property
    def lateness(self) -> float:
        """Seconds that the publisher itself was late."""
        return self.published.at - self.published.intended_at


def check(scenario: Scenario, history: History) -> CheckResult | None:
    """FAIL for a threshold that does not hold; UNKNOWN when nothing was measured for one, or when the load generator
    was saturated: it held but for the largest lag of the crowd's loop and publishes later than the threshold.

    Without thresholds the figures alone are shown, as a PASS that says so; None when there are none either.
    """
    deliveries = _deliveries(expected(scenario, history), arrivals(history))
    thresholds = scenario.expect.latency
    if not deliveries and not thresholds:
        return None
    judged = [_judged(threshold, deliveries, history) for threshold in thresholds]
    verdict = Verdict.worst(one.verdict for one in judged) if judged else Verdict.PASS
    findings = most_telling(*([one.finding] for one in judged if one.finding is not None))
    figures = _figures(deliveries)
    counts = _counts(deliveries, history)
    return CheckResult(NAME, verdict, _summary(judged, deliveries), findings, counts, figures)


def _deliveries(publications: Iterable[Expected], arrived: Arrivals) -> tuple[Delivery, ...]:
    """One for each event and must-receiver; of an id published again, the k-th message belongs to the k-th event."""
    earlier: dict[tuple[str, str], int] = {}
    deliveries = []
    for one in publications:
        at_clients = arrived.get(one.published.event, {})
        for client in sorted(one.may):
            number = earlier.get((one.published.event, client), 0)
            earlier[one.published.event, client] = number + 1
            if client in one.must:
                messages = at_clients.get(client, ())
                message = messages[number] if number < len(messages) else None
                deliveries.append(Delivery(one.published, client, message))
    return tuple(deliveries)


def _figures(deliveries: Sequence[Delivery]) -> tuple[LatencyFigures, ...]:
    """Everything together first, then one row per type and channel."""
    rows: dict[_Key, list[float]] = {}
    for one in deliveries:
        key = (one.published.type, wording.channels_of(one.published))
        rows.setdefault(key, []).append(one.latency)
    if not rows:
        return ()
    overall = [latency for latencies in rows.values() for latency in latencies]
    return (_row((ALL, ALL), overall), *(_row(key, rows[key]) for key in sorted(rows)))


def _row(key: _Key, latencies: list[float]) -> LatencyFigures:
    ordered = sorted(latencies)
    return LatencyFigures(*key, len(ordered), ordered.count(inf), percentiles(ordered))


@dataclass(frozen=True, slots=True)
class _Judged:
    """A threshold's answer; `measured` is None when there was nothing to measure."""

    threshold: Threshold
    verdict: Verdict
    measured: float | None = None
    finding: Finding | None = None

    @property
    def told(self) -> str:
        figure = "nothing measured" if self.measured is None else wording.duration(self.measured)
        bound = f"{self.threshold.sign} {wording.duration(self.threshold.seconds)}"
        return f"{self.threshold.percentile} {figure} ({bound}{self.whose})"

    @property
    def whose(self) -> str:
        only = [name for name in (self.threshold.type, self.threshold.channel) if name is not None]
        return f", {' on '.join(only)}" if only else ""


def _judged(threshold: Threshold, deliveries: Sequence[Delivery], history: History) -> _Judged:
    matching = sorted((one for one in deliveries if _matches(threshold, one)), key=lambda one: one.latency)
    if not matching:
        what = f"no delivery was expected that {_sentence(threshold)} could be measured on"
        return _Judged(threshold, Verdict.UNKNOWN, None, finding_of("no samples", what))
    percent = PERCENT[threshold.percentile]
    measured = percentile([one.latency for one in matching], percent)
    if threshold.holds(measured):
        return _Judged(threshold, Verdict.PASS, measured)
    lag = _largest_lag(matching, history)
    unloaded = sorted(_without_our_own_delay(one, threshold.seconds, lag) for one in matching)
    if threshold.holds(percentile(unloaded, percent)):
        return _Judged(threshold, Verdict.UNKNOWN, measured, _saturated(threshold, measured, matching, lag))
    return _Judged(threshold, Verdict.FAIL, measured, _too_slow(threshold, measured, matching))


def _matches(threshold: Threshold, delivery: Delivery) -> bool:
    published = delivery.published
    return threshold.type in (None, published.type) and (
        threshold.channel is None or threshold.channel in published.channels
    )


def _largest_lag(deliveries: Sequence[Delivery], history: History) -> LoopLag | None:
    """The worst lag of the crowd's loop while these deliveries were under way."""
    begins_at = min(one.published.intended_at for one in deliveries)
    ends_at = max(
        (one.received.at for one in deliveries if one.received is not None), default=history.ends_at
    )
    during = (one for one in history.of(LoopLag) if begins_at <= one.at <= ends_at + one.lag)
    return max(during, key=lambda one: one.lag, default=None)


def _without_our_own_delay(delivery: Delivery, limit: float, lag: LoopLag | None) -> float:
    own = delivery.lateness if delivery.lateness > limit else 0.0
    return delivery.latency - own - (lag.lag if lag is not None else 0.0)


def _saturated(
    threshold: Threshold, measured: float, matching: Sequence[Delivery], lag: LoopLag | None
) -> Finding:
    latest = max(matching, key=lambda one: one.lateness)
    what = (
        f"the load generator was saturated: {_sentence(threshold)} does not hold ({wording.duration(measured)}), "
        f"but its own loop lagged up to {wording.duration(lag.lag if lag else 0.0)} "
        f"and it published up to {wording.duration(latest.lateness)} late"
    )
    evidence: tuple[Observation, ...] = (latest.published,) if lag is None else (latest.published, lag)
    return finding_of("saturated", what, *evidence)


def _too_slow(threshold: Threshold, measured: float, matching: Sequence[Delivery]) -> Finding:
    """`matching` is in the order of latency: the last one is the slowest."""
    missing = sum(one.received is None for one in matching)
    slowest = matching[-1]
    lost = f", {wording.amount(missing)} of them never arrived" if missing else ""
    what = (
        f"{_sentence(threshold)} does not hold: it was {wording.duration(measured)} "
        f"over {wording.counted(len(matching), 'expected delivery', 'expected deliveries')}{lost}; "
        f"slowest: {wording.event(slowest.published)} at {slowest.client}"
    )
    evidence = (slowest.published,) if slowest.received is None else (slowest.published, slowest.received)
    return finding_of("too slow", what, *evidence)


def _sentence(threshold: Threshold) -> str:
    parts = [f"{threshold.percentile} {threshold.sign} {wording.duration(threshold.seconds)}"]
    parts += [f"of {threshold.type}"] if threshold.type is not None else []
    parts += [f"on {threshold.channel}"] if threshold.channel is not None else []
    return " ".join(parts)


def _summary(judged: Sequence[_Judged], deliveries: Sequence[Delivery]) -> str:
    over = f"over {wording.counted(len(deliveries), 'expected delivery', 'expected deliveries')}"
    if judged:
        return f"{', '.join(one.told for one in judged)} {over}"
    overall = _figures(deliveries)[0]
    return f"p99 {wording.duration(overall.seconds['p99'])} {over}; the scenario sets no threshold"


def _counts(deliveries: Sequence[Delivery], history: History) -> dict[str, float]:
    counts: dict[str, float] = {
        "expected": len(deliveries),
        "missing": sum(one.received is None for one in deliveries),
        "max_loop_lag_s": max((one.lag for one in history.of(LoopLag)), default=0.0),
        "max_publish_lateness_s": max((one.lateness for one in deliveries), default=0.0),
    }
    return counts | (_breakdown(deliveries, history) if is_visible(history) else {})


def _breakdown(deliveries: Sequence[Delivery], history: History) -> dict[str, float]:
    """Medians in seconds of the parts of the way; a part that the history never shows is left out."""
    posts = posts_of(history)
    published = {one.published.message_id: one.published for one in deliveries}
    parts = {
        "publish_to_invocation_s": [
            posts.handed[message][0].started.at - one.at
            for message, one in published.items()
            if message in posts.handed
        ],
        "invocation_s": [
            one.ended.at - one.started.at
            for one in invocations(history)
            if one.ended is not None and one.started.messages
        ],
        "last_post_to_last_arrival_s": _from_last_posts(deliveries, posts),
        "harness_floor_s": _floors(deliveries, posts),
    }
    return {name: median(seconds) for name, seconds in parts.items() if seconds}


def _from_last_posts(deliveries: Iterable[Delivery], posts: Posts) -> list[float]:
    """For each event, from its last successful post to its last arrival."""
    last_arrivals: dict[str, float] = {}
    for one in deliveries:
        if one.received is not None:
            message = one.published.message_id
            last_arrivals[message] = max(last_arrivals.get(message, 0.0), one.received.at)
    last_posts = {
        message: max((one.at for one in posts.of_message(message) if one.status == 200), default=inf)
        for message in last_arrivals
    }
    # A retried post may reach the gateway after the last message has arrived.
    return [
        max(at - last_posts[message], 0.0)
        for message, at in last_arrivals.items()
        if last_posts[message] < inf
    ]


def _floors(deliveries: Iterable[Delivery], posts: Posts) -> list[float]:
    """For each message, from the answer to its post to its arrival: what gateway and crowd add by themselves."""
    posted = {message: _by_client(posts.of_message(message), posts.connections) for message in posts.handed}
    return [
        max(one.received.at - answered.at, 0.0)
        for one in deliveries
        if one.received is not None
        and (answered := posted.get(one.published.message_id, {}).get(one.client)) is not None
    ]


def _by_client(posted: Iterable[ConnectionPosted], connections: Connections) -> dict[str, ConnectionPosted]:
    return {
        client: one
        for one in posted
        if one.status == 200 and (client := connections.clients.get(one.connection)) is not None
    }
