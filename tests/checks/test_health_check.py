import pytest

from harness.checks.findings import finding_of, unseen
from harness.checks.health import check
from harness.checks.verdict import CheckResult, Verdict
from harness.record.observation import (
    FunctionLogged,
    InsideHidden,
    InvocationEnded,
    Observation,
    ObservationsLost,
    PublishFailed,
    Settled,
)
from tests.checks.histories import a_history, a_scenario

FINE = InvocationEnded(12.0, "r0", "fan_out")
FAILED = InvocationEnded(12.0, "r1", "fan_out", "KeyError: 'channel'\n  File fan_out.py, line 7")


def judged(*observations: Observation, settled: bool = True, torn: bool = False) -> CheckResult:
    return check(a_scenario(), a_history(*observations, settled=settled, torn=torn))


def counts(**others: float) -> dict[str, float]:
    names = ("invocations", "function_errors", "publishes_failed", "observations_lost")
    return dict.fromkeys(names, 0) | others


def test_a_run_without_errors_passes() -> None:
    assert judged(FINE) == CheckResult(
        "health",
        Verdict.PASS,
        "no function failed, and the whole run was seen",
        counts=counts(invocations=1),
    )


def test_a_function_error_fails_and_shows_the_end_of_its_log() -> None:
    log = tuple(FunctionLogged(11.0 + n / 10, "fan_out", f"line {n}\n", "r1") for n in range(5))
    blank, another = FunctionLogged(11.9, "fan_out", "\n", "r1"), FunctionLogged(11.9, "fan_out", "x", "r0")

    result = judged(FINE, FAILED, *log, blank, another)

    what = "fan_out failed: KeyError: 'channel'; its log ends: line 2 / line 3 / line 4"
    assert result == CheckResult(
        "health",
        Verdict.FAIL,
        "1 invocation failed",
        (finding_of("function error", what, *log[2:], FAILED),),
        counts(invocations=2, function_errors=1),
    )


def test_failures_alike_are_told_once_and_the_commonest_first() -> None:
    many = [InvocationEnded(12.0 + n, f"r{n}", "fan_out", "Timeout\nsomewhere") for n in range(1200)]
    seldom = InvocationEnded(11.0, "s", "subscribe", "KeyError")

    result = judged(seldom, *many)

    assert [(one.what, len(one.evidence)) for one in result.findings] == [
        ("fan_out failed, 1 200 times: Timeout", 3),
        ("subscribe failed: KeyError", 1),
    ]
    assert result.counts["function_errors"] == 1201


def test_a_failed_publish_is_unknown() -> None:
    failed = PublishFailed(12.0, 11.0, "e1", "EndpointConnectionError: refused")

    result = judged(failed)

    what = "SNS did not accept e1: EndpointConnectionError: refused"
    assert (result.verdict, result.summary) == (Verdict.UNKNOWN, "1 publish failed")
    assert result.findings == (finding_of("publish failed", what, failed),)


def test_lost_observations_are_unknown() -> None:
    lost = ObservationsLost(12.0, 1500)

    result = judged(lost)

    what = "1 500 observations of the inside did not fit into the emulator's journal"
    assert (result.verdict, result.findings) == (
        Verdict.UNKNOWN,
        (finding_of("observations lost", what, lost),),
    )


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        pytest.param(
            (Settled(10.0, "start", False, "3 clients"), Settled(20.0, "end", True)),
            "something was still in flight at the start: 3 clients",
            id="before the timeline",
        ),
        pytest.param(
            (Settled(10.0, "start", True), Settled(20.0, "end", False)),
            "something was still in flight at the end",
            id="after the timeline",
        ),
        pytest.param(
            (Settled(10.0, "start", True),),
            "the history ends before the run had settled",
            id="since it was cut off",
        ),
    ],
)
def test_a_run_that_never_settled_is_unknown(ends: tuple[Settled, ...], says: str) -> None:
    result = judged(*ends, settled=False)

    assert (result.verdict, result.summary) == (Verdict.UNKNOWN, says)
    assert [(one.kind, one.what) for one in result.findings] == [("not settled", says)]


def test_a_torn_history_is_unknown() -> None:
    result = judged(torn=True)

    assert (result.verdict, [one.kind for one in result.findings]) == (Verdict.UNKNOWN, ["history torn"])


def test_a_function_error_is_worse_than_being_unsure() -> None:
    assert judged(FAILED, ObservationsLost(12.0, 1)).verdict is Verdict.FAIL


def test_where_the_inside_is_hidden_nobody_knows_whether_functions_failed() -> None:
    seen = InsideHidden(1.0, "AWS does not show its inside")

    what = "whether functions failed cannot be seen: AWS does not show its inside"
    assert judged(seen) == CheckResult(
        "health", Verdict.UNKNOWN, what, (unseen("whether functions failed", seen),), counts()
    )
