import pytest

from harness.checks.verdict import CheckResult, ScenarioResult, Verdict
from harness.errors import ExitCode
from harness.reports.exit import exit_code
from harness.reports.stopped import Outcome, Stopped


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        pytest.param([Verdict.PASS, Verdict.PASS], ExitCode.PASS, id="all pass"),
        pytest.param([Verdict.PASS, Verdict.UNKNOWN], ExitCode.UNKNOWN, id="one is unknown"),
        pytest.param([Verdict.UNKNOWN, Verdict.FAIL, Verdict.PASS], ExitCode.FAIL, id="one fails"),
        pytest.param([], ExitCode.UNKNOWN, id="nothing was judged"),
    ],
)
def test_the_exit_code_is_the_worst_verdicts(verdicts: list[Verdict], code: ExitCode) -> None:
    results = [
        ScenarioResult("s", "s", (CheckResult("routing", verdict, ""),), seconds=1.0) for verdict in verdicts
    ]

    assert exit_code(results) is code


def test_a_scenario_without_checks_is_unknown() -> None:
    assert exit_code([ScenarioResult("s", "s", (), seconds=1.0)]) is ExitCode.UNKNOWN


@pytest.mark.parametrize(
    ("verdicts", "accepted", "code"),
    [
        pytest.param(
            {"routing": Verdict.PASS, "health": Verdict.UNKNOWN}, {"health"}, ExitCode.PASS, id="accepted"
        ),
        pytest.param({"routing": Verdict.UNKNOWN}, {"health"}, ExitCode.UNKNOWN, id="another was accepted"),
        pytest.param({"health": Verdict.FAIL}, {"health"}, ExitCode.FAIL, id="a FAIL is never accepted"),
        pytest.param({"played": Verdict.UNKNOWN}, {"played"}, ExitCode.PASS, id="nothing else was judged"),
        pytest.param({}, {"health"}, ExitCode.UNKNOWN, id="nothing was judged"),
    ],
)
def test_an_accepted_unknown_counts_for_nothing(
    verdicts: dict[str, Verdict], accepted: set[str], code: ExitCode
) -> None:
    checks = tuple(CheckResult(name, verdict, "") for name, verdict in verdicts.items())

    assert exit_code([ScenarioResult("s", "s", checks, seconds=1.0).accepting(accepted)]) is code


def test_what_is_not_complete_has_not_passed() -> None:
    passed = ScenarioResult("s", "s", (CheckResult("routing", Verdict.PASS, ""),), seconds=1.0)

    assert exit_code([passed], complete=False) is ExitCode.UNKNOWN
    interrupted = Stopped(Outcome.INTERRUPTED, 130)
    assert exit_code([passed], complete=False, stopped=interrupted) is ExitCode.UNKNOWN


@pytest.mark.parametrize("code", [1, 2, 4])
def test_a_run_that_did_not_start_keeps_its_code(code: int) -> None:
    assert exit_code([], complete=False, stopped=Stopped(Outcome.NOT_STARTED, code, ("why",))) == code
