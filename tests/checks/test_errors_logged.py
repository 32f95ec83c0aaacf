import pytest

from harness.checks.findings import evidence_of
from harness.checks.judge import judge
from harness.checks.logged import errors_logged
from harness.checks.verdict import CheckResult, Verdict
from harness.record.observation import FunctionLogged, InvocationEnded
from tests.checks.histories import a_history, a_scenario


def a_line(text: str, at: float = 11.0, request: str = "r1") -> FunctionLogged:
    return FunctionLogged(at, "fan_out", text, request)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[ERROR]\t2026-11-22T10:00:00Z\tr1\tpost failed", id="Python's logging"),
        pytest.param("2026-11-22T10:00:00Z\tr1\tERROR\tpost failed", id="Node's console"),
        pytest.param("Traceback (most recent call last):\n  File", id="a traceback"),
        pytest.param("skipped c1: GoneException: 410", id="the type of an exception"),
        pytest.param('{"level":"error","message":"no"}', id="a level of JSON"),
        pytest.param("cannot warn: DeprecationWarning is an Exception", id="a warning's name within a line"),
    ],
)
def test_a_line_tells_of_an_error(text: str) -> None:
    assert errors_logged(a_history(a_line(text))) == (a_line(text),)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("posted to 300 connections", id="nothing of the kind"),
        pytest.param("[INFO]\tno errors", id="a level"),
        pytest.param("2 error-free posts", id="the word"),
        pytest.param(
            "[INFO]\t2026-11-22T10:00:00Z\tr1\tafter a GoneException: purged", id="a level before a type"
        ),
        pytest.param(
            "2026-11-22T10:00:00Z\tr1\tINFO\tGoneException: purged", id="Node's level before a type"
        ),
        pytest.param('{"level":"INFO","message":"GoneException: purged"}', id="a level of JSON"),
        pytest.param(
            "2026-11-30T13:43:57.133Z\tr1\tERROR\t(node:22111) NodeDeprecationWarning: The AWS SDK for JavaScript "
            "(v3) will no longer support Node.js 16\n(Use `node --trace-warnings ...` to show where)",
            id="Node's version",
        ),
        pytest.param(
            "2026-11-30T13:43:57Z\tr1\tERROR\t(node:7) [DEP0040] DeprecationWarning: The `punycode` module is "
            "deprecated. Please use a userland alternative instead of TypeError.",
            id="a module of Node",
        ),
        pytest.param("(node:7) ExperimentalWarning: Error.isError is new", id="Node's own line"),
        pytest.param(
            "/var/task/boto3/compat.py:84: PythonDeprecationWarning: Boto3 will no longer raise ValueError\n  warn()",
            id="Python's version",
        ),
    ],
)
def test_a_line_tells_of_none(text: str) -> None:
    assert errors_logged(a_history(a_line(text))) == ()


def test_lines_of_one_kind_are_given_once_and_no_more_than_five_kinds() -> None:
    alike = [a_line(f"ERROR row {n} of L0SM9cOFvHcCI{n:02}=: no", 11.0 + n) for n in range(3)]
    others = [a_line(f"ERROR in {word}", 20.0) for word in ("a", "b", "c", "d", "e")]
    assert errors_logged(a_history(alike, others)) == (alike[0], *others[:4])


def test_what_the_health_check_tells_is_left_out() -> None:
    failed = InvocationEnded(12.0, "r1", "fan_out", "ValueError: no")
    assert errors_logged(a_history(a_line("ERROR no"), failed)) == ()


def test_only_a_scenario_that_does_not_pass_tells_of_them() -> None:
    line = a_line("ERROR no")
    assert judge(a_scenario(), a_history(line)).logged == (evidence_of(line),)
    passing = {"x": lambda *_: CheckResult("x", Verdict.PASS, "")}
    assert judge(a_scenario(), a_history(line), checks=passing).logged == ()
