"""Scenario files as tests, and the fixtures, on another backend."""

import pytest

from tests.backends.chat import a_project
from tests.backends.conftest import NOTHING, Endpoint
from tests.test_pytest_plugin import run, session

__all__ = ["session"]

pytest_plugins = ["pytester"]

FIXTURES = """
def test_a_message_arrives(harness_stack, harness_connect, harness_publish):
    alice = harness_connect("alice", query={"room": "kitchen"})
    harness_publish({"room": "kitchen", "text": "hello"})
    assert alice.receive()["text"] == "hello"
    assert [one["channel"]["S"] for one in rows(harness_stack)] == ["kitchen"]

def rows(stack):
    return stack.aws("dynamodb").scan(TableName=stack.table_name("rooms"))["Items"]
"""


@pytest.fixture
def project(session: pytest.Pytester) -> pytest.Pytester:
    a_project(session.path)
    session.makeini("[pytest]\nfilterwarnings = error\n")
    session.makepyfile(FIXTURES)
    return session


def test_scenarios_and_fixtures_run_on_the_backend_that_options_choose(
    project: pytest.Pytester, emulator: Endpoint
) -> None:
    options = ("--harness-backend", "endpoint", "--harness-endpoint-url", emulator.url)

    result = run(project, *options, "--harness-accept-unknown", "health,purge", "-rP")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["UNKNOWN: health: whether functions failed cannot be seen: *"])
    assert emulator.resources() == NOTHING


def test_an_unknown_that_nobody_accepted_fails(project: pytest.Pytester, emulator: Endpoint) -> None:
    result = run(project, "--harness-endpoint-url", emulator.url, "scenarios")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*purge*cannot*"])


def test_hybrid_needs_nothing_to_be_accepted(project: pytest.Pytester, emulator: Endpoint) -> None:
    result = run(project, "--harness-endpoint-url", emulator.url, "--harness-hybrid")

    result.assert_outcomes(passed=2)
    assert emulator.resources() == NOTHING


def test_a_backend_that_is_none_is_one_message(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_BACKEND", "locastack")

    result = run(project, "scenarios")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["HARNESS_BACKEND: there is no backend 'locastack'; there are embedded, *"])


def test_aws_is_not_for_pytest(project: pytest.Pytester) -> None:
    result = run(project, "--harness-backend", "aws", "scenarios")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["the backend aws is for `harness run` alone, *"])
