from harness.checks import judge
from harness.checks.completeness import CUT_OFF, Completeness, completeness_of
from harness.checks.findings import finding_of
from harness.checks.judge import CHECKS, weighed
from harness.checks.needs import SETTLED, messages_of
from harness.checks.verdict import Cause, CheckResult, Finding, ScenarioResult, Severity, Verdict, answer
from harness.record.history import Gap, History
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
    crashed, passed = result.results
    assert passed == CheckResult("passing", Verdict.PASS, "fine")
    assert (crashed.check, crashed.verdict, crashed.summary) == (
        "crashing",
        Verdict.UNKNOWN,
        "the check crashed, so nothing is known",
    )
    assert [one.what for one in crashed.findings] == [
        f"the check itself crashed: ZeroDivisionError: oh no ({__file__}:{line})"
    ]


def test_a_history_of_another_scenario_is_unknown() -> None:
    result = judge(a_scenario(), a_history(a_client("a stranger"), an_event()))

    assert result.verdict is Verdict.UNKNOWN
    assert result.results[0].findings[0].what.startswith("the check itself crashed: KeyError: 'a stranger'")


def test_of_a_scenario_that_was_not_played_nothing_else_is_said() -> None:
    seen = NotPlayed(1.0, "it sets gateway.lost_sockets, but AWS cannot be told how to behave")

    result = judge(a_scenario(), History((seen,)), checks={"passing": passing})

    what = "not played: it sets gateway.lost_sockets, but AWS cannot be told how to behave"
    (played,) = result.results
    assert (played.check, played.verdict, played.summary) == ("played", Verdict.UNKNOWN, what)
    assert [(one.kind, one.what) for one in result.causes] == [("not played", f"the scenario was {what}")]


def test_an_unknown_is_accepted_by_the_name_of_its_check() -> None:
    checks = (
        CheckResult("routing", Verdict.FAIL, ""),
        CheckResult("purge", Verdict.UNKNOWN, ""),
        CheckResult("health", Verdict.UNKNOWN, ""),
    )

    result = ScenarioResult("s", "s", checks, seconds=1.0).accepting({"health", "routing"})

    assert [one.accepted for one in result.results] == [False, False, True]
    assert (result.verdict, result.gate) == (Verdict.FAIL, Verdict.FAIL)


def a_loss(client: str = "alice", severity: Severity = Severity.FAIL) -> Finding:
    """A finding from an absence."""
    return finding_of(
        "lost",
        f"{client} never received e1",
        needs={SETTLED, messages_of(client)},
        cause=Cause.LOST,
        severity=severity,
        subject=("e1", client),
    )


A_LEAK = finding_of("leak", "bob received e1", needs={messages_of("bob", 12.0)}, cause=Cause.LEAK)
A_DUPLICATE = finding_of("duplicated", "bob received e1 twice", cause=Cause.DUPLICATED)


def weighed_against(history: History, *findings: Finding, judged: bool = True) -> CheckResult:
    return weighed(answer("routing", "2 lost", findings, judged=judged), completeness_of(history))


def test_what_is_missing_fails_where_the_history_is_complete() -> None:
    result = weighed_against(a_history(), a_loss())

    assert (result.verdict, result.summary, result.findings[0].what) == (
        Verdict.FAIL,
        "2 lost",
        "alice never received e1",
    )


def test_what_is_missing_is_unknown_where_the_history_ends_too_early() -> None:
    result = weighed_against(a_history(a_client("alice"), settled=False), a_loss())

    (finding,) = result.findings
    assert (result.verdict, result.summary) == (Verdict.UNKNOWN, f"2 lost; {CUT_OFF}")
    assert (finding.severity, finding.what) == (
        Severity.UNKNOWN,
        f"alice never received e1; {CUT_OFF}",
    )


def test_what_was_seen_stands_in_half_a_history_and_is_told_first() -> None:
    result = weighed_against(a_history(a_client("alice"), settled=False), a_loss(), A_DUPLICATE)

    assert (result.verdict, [one.kind for one in result.findings]) == (Verdict.FAIL, ["duplicated", "lost"])


def test_a_leak_stands_where_nothing_is_missing_before_it() -> None:
    early, late = Gap("clients", 4, 5, 11.0, 13.0), Gap("clients", 4, 5, 12.0, 13.0)

    verdicts = [
        weighed_against(History(a_history().observations, gaps=(gap,)), A_LEAK).verdict
        for gap in (early, late)
    ]

    assert verdicts == [Verdict.UNKNOWN, Verdict.FAIL]


def test_a_pass_needs_what_its_check_says() -> None:
    given = answer("routing", "12 of 12 arrived, nothing else", needs={SETTLED})

    result = weighed(given, completeness_of(a_history(a_client("alice"), settled=False)))

    assert (result.verdict, result.summary) == (Verdict.UNKNOWN, f"12 of 12 arrived, nothing else; {CUT_OFF}")


def test_a_warning_turns_nothing_red_and_is_told_last() -> None:
    warning = finding_of("wrapped", "messages hold the event", severity=Severity.WARNING)

    alone = weighed_against(a_history(), warning)
    beside = weighed_against(a_history(), warning, A_DUPLICATE)

    assert (alone.verdict, [one.kind for one in alone.findings]) == (Verdict.PASS, ["wrapped"])
    assert (beside.verdict, [one.kind for one in beside.findings]) == (
        Verdict.FAIL,
        ["duplicated", "wrapped"],
    )


def test_where_nothing_was_judged_nothing_passes() -> None:
    assert weighed_against(a_history(), judged=False).verdict is Verdict.UNKNOWN


def test_of_many_findings_the_first_of_each_kind_are_kept_and_all_are_counted() -> None:
    losses = (a_loss(f"btc/{n}") for n in range(400))

    result = weighed_against(a_history(), *losses, A_DUPLICATE)

    assert (len(result.findings), dict(result.found)) == (100, {"lost": 400, "duplicated": 1})
    assert [one.kind for one in result.findings[:3]] == ["lost", "duplicated", "lost"]


def test_a_finding_has_the_same_id_in_every_run() -> None:
    one, other = (
        finding_of("lost", what, subject=("fan_out",)) for what in ("4 lost in 12 ms", "5 lost in 80 ms")
    )

    ids = [weighed_against(a_history(), given).findings[0].id for given in (one, other)]
    twice = weighed_against(a_history(), one, one).findings

    assert ids[0] == ids[1] and len(ids[0]) == 8
    assert len({finding.id for finding in twice}) == 2
    assert weighed(answer("order", "", (one,)), Completeness()).findings[0].id != ids[0]


def test_causes_come_before_their_effects_over_all_checks() -> None:
    def routing(scenario: Scenario, history: History) -> CheckResult:
        return answer("routing", "", (a_loss(), A_LEAK))

    def health(scenario: Scenario, history: History) -> CheckResult:
        return answer("health", "", (finding_of("bad answer", "None", cause=Cause.BAD_ANSWER),))

    result = judge(a_scenario(), a_history(), checks={"routing": routing, "health": health})

    assert [(one.check, one.kind) for one in result.causes] == [
        ("health", "bad answer"),
        ("routing", "leak"),
        ("routing", "lost"),
    ]
