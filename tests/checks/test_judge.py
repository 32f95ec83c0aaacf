from harness.checks import judge
from harness.checks.findings import finding_of
from harness.checks.judge import CHECKS
from harness.checks.verdict import CheckResult, ScenarioResult, Verdict
from harness.record.history import History
from harness.record.observation import NotPlayed
from harness.scenario.model import Scenario
from tests.checks.histories import a_client, a_history, a_message, a_scenario, an_event


def passing(scenario: Scenario, history: History) -> CheckResult:
    return CheckResult("passing", Verdict.PASS, "fine")


def silent(scenario: Scenario, history: History) -> None:
    return None


def crashing(scenario: Scenario, history: History) -> CheckResult:
    raise ZeroDivisionError("oh\nno")


def test_the_checks_are_reported_in_a_fixed_order() -> None:
    assert list(CHECKS) == ["routing", "latency", "order", "purge", "refusals", "health"]


def test_a_good_run_is_judged_by_every_check_that_has_something_to_say() -> None:
    event = an_event()
    history = a_history(a_client("alice"), event, a_message("alice", event))

    result = judge(a_scenario(), history, name="a-claim")

    assert [(one.check, one.verdict) for one in result.results] == [
        ("routing", Verdict.PASS),
        ("latency", Verdict.PASS),
        ("refusals", Verdict.PASS),
        ("health", Verdict.PASS),
    ]
    assert (result.scenario, result.title, result.seconds, result.timeline_at) == (
        "a-claim",
        "the claim",
        99.0,
        10.0,
    )


def test_an_empty_history_is_unknown() -> None:
    assert judge(a_scenario(), History()).verdict is Verdict.UNKNOWN


def test_a_check_that_crashes_is_unknown_and_hides_no_other() -> None:
    result = judge(
        a_scenario(), a_history(), checks={"crashing": crashing, "silent": silent, "passing": passing}
    )

    line = crashing.__code__.co_firstlineno + 1
    crashed = finding_of("crashed", f"the check itself crashed: ZeroDivisionError: oh no ({__file__}:{line})")
    assert result == ScenarioResult(
        "the claim",
        "the claim",
        (
            CheckResult("crashing", Verdict.UNKNOWN, "the check crashed, so nothing is known", (crashed,)),
            CheckResult("passing", Verdict.PASS, "fine"),
        ),
        90.0,
        10.0,
    )


def test_a_history_of_another_scenario_is_unknown() -> None:
    result = judge(a_scenario(), a_history(a_client("a stranger"), an_event()))

    assert result.verdict is Verdict.UNKNOWN
    assert result.results[0].findings[0].what.startswith("the check itself crashed: KeyError: 'a stranger'")


def test_of_a_scenario_that_was_not_played_nothing_else_is_said() -> None:
    seen = NotPlayed(1.0, "it sets gateway.lost_sockets, but AWS cannot be told how to behave")

    result = judge(a_scenario(), History((seen,)), checks={"passing": passing})

    what = "not played: it sets gateway.lost_sockets, but AWS cannot be told how to behave"
    finding = finding_of("not played", f"the scenario was {what}", seen)
    assert result.results == (CheckResult("played", Verdict.UNKNOWN, what, (finding,)),)


def test_an_unknown_is_accepted_by_the_name_of_its_check() -> None:
    checks = (
        CheckResult("routing", Verdict.FAIL, ""),
        CheckResult("purge", Verdict.UNKNOWN, ""),
        CheckResult("health", Verdict.UNKNOWN, ""),
    )

    result = ScenarioResult("s", "s", checks, seconds=1.0).accepting({"health", "routing"})

    assert [one.accepted for one in result.results] == [False, False, True]
    assert (result.verdict, result.gate) == (Verdict.FAIL, Verdict.FAIL)
