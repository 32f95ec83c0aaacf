from math import inf

import pytest

from harness.checks.completeness import completeness_of
from harness.checks.findings import evidence_of
from harness.checks.judge import weighed
from harness.checks.latency import check
from harness.checks.verdict import CheckResult, Verdict
from harness.percentiles import percentile
from harness.record.history import History
from harness.record.observation import EventPublished, LoopLag, MessageReceived, Observation
from tests.checks.figures import figures
from tests.checks.histories import (
    MARKET,
    a_client,
    a_fan_out,
    a_history,
    a_message,
    a_scenario,
    an_event,
    its_connection,
)

ALICE = a_client("alice")
EVENT = an_event("e1", at=11.0)
SECOND = an_event("e2", at=12.0)
BARE = {"max_loop_lag_s": 0.0, "max_publish_lateness_s": 0.0}


def judged(
    thresholds: list[object], *observations: Observation | tuple[Observation, ...]
) -> CheckResult | None:
    scenario = a_scenario(expect={"latency": thresholds})
    return check(scenario, a_history(ALICE, *observations))


def verdict_of(thresholds: list[object], *observations: Observation | tuple[Observation, ...]) -> Verdict:
    result = judged(thresholds, *observations)
    assert result is not None
    return result.verdict


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        pytest.param([7.0], 50, 7.0, id="of one value"),
        pytest.param([1.0, 2.0], 50, 1.0, id="50 of two"),
        pytest.param([float(n) for n in range(1, 101)], 99, 99.0, id="99 of a hundred"),
        pytest.param([float(n) for n in range(1, 102)], 99, 100.0, id="99 of a hundred and one"),
        pytest.param([1.0, 2.0, inf], 100, inf, id="the longest"),
    ],
)
def test_percentiles_are_nearest_rank(values: list[float], percent: float, expected: float) -> None:
    assert percentile(values, percent) == expected


def test_a_threshold_that_holds_passes() -> None:
    event = an_event("e1", at=11.0, intended_at=10.5)
    row = ("trade", MARKET, 1, 0, 0.75, 0.75, 0.75, 0.75)

    result = judged(["p99 < 800 ms"], event, a_message("alice", event, after=0.25))

    assert result is not None
    assert (result.verdict, result.findings) == (Verdict.PASS, ())
    assert result.summary == "p99 750 ms (< 800 ms) over 1 expected delivery"
    assert result.counts == {
        "expected": 1,
        "missing": 0,
        "max_loop_lag_s": 0.0,
        "max_publish_lateness_s": 0.5,
    }
    assert result.latencies == (figures("all", "all", *row[2:]), figures(*row))


def test_a_threshold_is_less_than_or_equal_only_where_it_says_so() -> None:
    message = a_message("alice", EVENT, after=0.25)

    assert verdict_of(["max < 250 ms"], EVENT, message) is Verdict.FAIL
    assert verdict_of(["max < 251 ms"], EVENT, message) is Verdict.PASS
    assert verdict_of(["max <= 250 ms"], EVENT, message) is Verdict.PASS


def test_the_sign_is_told_as_it_was_written() -> None:
    result = judged(["max <= 100 ms"], EVENT, a_message("alice", EVENT, after=0.25))

    assert result is not None
    assert result.summary.startswith("max 250 ms (<= 100 ms)")
    assert result.findings[0].what.startswith("max <= 100 ms does not hold")


def test_a_threshold_that_does_not_hold_fails_and_shows_the_slowest() -> None:
    slow = an_event("e2", at=12.0)
    messages = (a_message("alice", EVENT), a_message("alice", slow, after=0.5))

    result = judged(["p99 < 100 ms"], EVENT, slow, messages)

    assert result is not None
    assert (result.verdict, result.summary) == (
        Verdict.FAIL,
        "p99 500 ms (< 100 ms) over 2 expected deliveries",
    )
    what = (
        "p99 < 100 ms does not hold: it was 500 ms over 2 expected deliveries; "
        "slowest: e2 (trade on market.BTC-PERP) at alice"
    )
    assert [(one.what, one.evidence) for one in result.findings] == [
        (what, (evidence_of(slow), evidence_of(messages[1])))
    ]


def test_a_missing_message_is_infinitely_late() -> None:
    events = tuple(an_event(f"e{number}", at=11.0 + number) for number in range(3))
    messages = tuple(a_message("alice", event) for event in events[:2])

    result = judged(["p50 < 100 ms", "p99 < 100 ms"], events, messages)

    assert result is not None
    assert result.summary == "p50 50 ms (< 100 ms), p99 infinite (< 100 ms) over 3 expected deliveries"
    assert result.verdict is Verdict.FAIL
    assert [(row.expected, row.missing, row.seconds["max"]) for row in result.latencies] == [
        (3, 1, inf),
        (3, 1, inf),
    ]
    assert "1 of them never arrived" in result.findings[0].what


@pytest.mark.parametrize(
    ("threshold", "verdict"),
    [
        pytest.param({"threshold": "max < 100 ms", "type": "trade"}, Verdict.PASS, id="the fast type"),
        pytest.param({"threshold": "max < 100 ms", "type": "depth"}, Verdict.FAIL, id="the slow type"),
        pytest.param(
            {"threshold": "max < 100 ms", "channel": MARKET}, Verdict.FAIL, id="the channel of both"
        ),
        pytest.param(
            {"threshold": "max < 100 ms", "channel": "market.ETH"}, Verdict.UNKNOWN, id="another channel"
        ),
        pytest.param("max < 100 ms", Verdict.FAIL, id="everything"),
    ],
)
def test_a_threshold_looks_at_what_it_names(threshold: object, verdict: Verdict) -> None:
    slow = an_event("e2", kind="depth")
    seen = (EVENT, slow, a_message("alice", EVENT), a_message("alice", slow, after=0.5))

    assert verdict_of([threshold], seen) is verdict


def test_a_threshold_without_samples_is_unknown() -> None:
    result = check(a_scenario(expect={"latency": ["p99 < 1 s"]}), a_history())

    assert result is not None
    assert (result.verdict, result.summary) == (
        Verdict.UNKNOWN,
        "p99 nothing measured (< 1 s) over 0 expected deliveries",
    )
    assert [one.what for one in result.findings] == [
        "no delivery was expected that p99 < 1 s could be measured on"
    ]
    assert result.counts == {"expected": 0, "missing": 0} | BARE


def test_without_thresholds_the_figures_are_shown() -> None:
    result = judged([], EVENT, a_message("alice", EVENT))

    assert result is not None
    assert (result.verdict, len(result.latencies)) == (Verdict.PASS, 2)
    assert result.summary == "p99 50 ms over 1 expected delivery; the scenario sets no threshold"


def test_without_thresholds_what_never_arrived_is_no_figure_and_no_pass() -> None:
    result = judged([], EVENT, SECOND, a_message("alice", EVENT))

    assert result is not None
    assert (result.verdict, result.findings) == (Verdict.UNKNOWN, ())
    assert result.summary == (
        "1 never arrived (see routing) over 2 expected deliveries; the scenario sets no threshold"
    )


@pytest.mark.parametrize(
    ("threshold", "after", "verdict"),
    [
        pytest.param("max < 100 ms", 0.05, Verdict.UNKNOWN, id="but for the missing it would hold"),
        pytest.param("max <= 125 ms", 0.125, Verdict.UNKNOWN, id="it would just hold"),
        pytest.param("max < 125 ms", 0.125, Verdict.FAIL, id="just too slow anyway"),
        pytest.param("max < 100 ms", 0.5, Verdict.FAIL, id="what arrived was too slow anyway"),
    ],
)
def test_in_half_a_history_what_is_missing_may_have_come(
    threshold: str, after: float, verdict: Verdict
) -> None:
    slow = a_scenario(expect={"latency": [threshold]})
    history = History((*ALICE, EVENT, a_message("alice", EVENT, after=after), SECOND), torn=True)

    result = check(slow, history)

    assert result is not None
    assert weighed(result, completeness_of(history)).verdict is verdict


def test_without_thresholds_and_figures_there_is_nothing_to_say() -> None:
    assert judged([]) is None


@pytest.mark.parametrize(
    ("published", "lags", "verdict"),
    [
        pytest.param(EVENT, (LoopLag(11.1, 0.45),), Verdict.UNKNOWN, id="its loop lagged"),
        pytest.param(EVENT, (LoopLag(11.1, 0.3),), Verdict.FAIL, id="its loop lagged too little"),
        pytest.param(EVENT, (LoopLag(5.0, 0.45),), Verdict.FAIL, id="its loop lagged before"),
        pytest.param(EVENT, (LoopLag(50.0, 0.45),), Verdict.FAIL, id="its loop lagged later"),
        pytest.param(
            an_event(at=11.0, intended_at=10.8), (), Verdict.FAIL, id="it published late too little"
        ),
        pytest.param(
            an_event(at=11.0, intended_at=10.8), (LoopLag(11.1, 0.45),), Verdict.UNKNOWN, id="both together"
        ),
    ],
)
def test_a_slow_load_generator_is_unknown_when(
    published: EventPublished, lags: tuple[LoopLag, ...], verdict: Verdict
) -> None:
    message = a_message("alice", published, after=0.5)

    assert verdict_of(["max < 100 ms"], published, message, lags) is verdict


def test_publishes_later_than_the_threshold_are_the_load_generators_fault() -> None:
    late = an_event(at=12.0, intended_at=11.0)

    result = judged(["max < 100 ms"], late, a_message("alice", late))

    assert result is not None
    assert result.verdict is Verdict.UNKNOWN
    what = (
        "the load generator was saturated: max < 100 ms does not hold (1.05 s), "
        "but its own loop lagged up to 0 ms and it published up to 1 s late"
    )
    assert [(one.what, one.evidence) for one in result.findings] == [(what, (evidence_of(late),))]


def test_a_lost_message_is_never_the_load_generators_fault() -> None:
    late = an_event(at=12.0, intended_at=11.0)

    assert verdict_of(["max < 100 ms"], late, LoopLag(12.0, 5.0)) is Verdict.FAIL


def test_the_inside_breaks_the_way_down() -> None:
    messages = (MessageReceived(11.03, "alice", EVENT.text, "e1"),)

    result = judged(
        [],
        its_connection("alice"),
        EVENT,
        a_fan_out(EVENT, {"c-alice": 200, "c-gone": 410}, after=0.01, ends_after=0.04),
        messages,
    )

    assert result is not None
    assert result.counts == {"expected": 1, "missing": 0} | BARE | {
        "publish_to_invocation_s": pytest.approx(0.01),
        "invocation_s": pytest.approx(0.03),
        "last_post_to_last_arrival_s": pytest.approx(0.01),
        "harness_floor_s": pytest.approx(0.01),
    }


def test_messages_of_an_id_published_twice_belong_to_its_publications_in_turn() -> None:
    again = an_event("e1", at=20.0)

    result = judged([], EVENT, again, a_message("alice", EVENT), a_message("alice", again))

    assert result is not None
    assert result.latencies[0].seconds["max"] == pytest.approx(0.05)
