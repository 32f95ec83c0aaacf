"""Scenario files as tests, and the fixtures: in a pytest of their own, as users have it."""

import os
import sys
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree

import orjson
import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[1]
INSTALLED = any(one.value == "harness.pytest_plugin" for one in entry_points(group="pytest11"))
ORPHANAGE = ROOT / "tests/end_to_end/orphanage.py"
PATIENCE = 280
pytestmark = pytest.mark.timeout(600)  # each session starts an emulator and its functions, two in one test
LOADED = () if INSTALLED else ("-p", "harness.pytest_plugin")

HOLDS = """
scenario: One trade reaches its market
clients: {a: {count: 2, query: {market: BTC-PERP}}}
timeline: [{publish: {type: trade, market: BTC-PERP}}]
"""
FAILS = f"{HOLDS}expect: {{latency: [p99 < 1us]}}\n"
FIXTURES = """
import pytest
from harness.live import HandshakeRefused

def test_a_trade_arrives(harness_stack, harness_connect, harness_publish):
    alice = harness_connect("alice", query={"market": "BTC-PERP"})
    event_id = harness_publish({"type": "trade", "market": "BTC-PERP"})
    assert alice.receive()["eventId"] == event_id
    assert harness_stack.url.startswith("ws://127.0.0.1:")

def test_the_clients_of_the_test_before_have_left(harness_stack):
    rows = harness_stack.aws("dynamodb").scan(TableName=harness_stack.table_name("connections"))
    assert rows["Items"] == []
"""
KILLS_ITS_WORKER = """
import os, signal
import pytest

@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
    if nextitem is None:
        os.kill(os.getpid(), signal.SIGKILL)
"""
TELLS_WHEN = """
import json
from pathlib import Path
import pytest
from harness.live import LiveStack

def note(line):
    with Path("when").open("a") as file:
        file.write(line + "\\n")

close = LiveStack._close

async def _close(stack):
    note(f"closing, complete: {json.loads(Path('runs/latest/summary.json').read_text())['complete']}")
    await close(stack)

LiveStack._close = _close

@pytest.hookimpl(wrapper=True, trylast=True)  # within the wrapper of pytest-xdist that says it is done
def pytest_sessionfinish(session):
    yield
    if hasattr(session.config, "workerinput") or not session.config.getoption("numprocesses"):
        note("finished")
"""
NO_SCENARIOS = {
    "compose": "services: {db: {image: dynamodb}}",
    "molecule": "scenario:\n  name: default\n",
    "nested": "tests:\n  scenario: not at the top\n",
    "listed": "scenario: [one, two]\n",
    "empty": "",
}


@pytest.fixture
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with the project's stack; warnings are errors in it."""
    for name in [name for name in os.environ if name.startswith(("PYTEST_XDIST", "PYTEST_ADDOPTS"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeini(f"[pytest]\nharness_stack = {ROOT / 'stack.yaml'}\nfilterwarnings = error\n")
    return pytester


def run(session: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return session.runpytest_subprocess(*LOADED, "-p", "no:cacheprovider", *arguments, timeout=PATIENCE)


def test_scenarios_and_fixtures_share_a_stack(session: pytest.Pytester) -> None:
    session.makefile(".yaml", holds=HOLDS, typo=f"{HOLDS}expcet: {{}}\n", **NO_SCENARIOS)
    session.makefile(".yml", misses_its_time=FAILS)
    session.makepyfile(test_fixtures=FIXTURES)

    result = run(session, "--verbose")

    result.assert_outcomes(passed=3, failed=2)
    result.stdout.fnmatch_lines(["holds.yaml::holds PASSED*", "misses_its_time.yml::misses_its_time FAILED*"])
    result.stdout.fnmatch_lines(
        [
            "*scenario: misses_its_time*",
            "* FAIL  One trade reaches its market*",
            "*✘ latency *",
            "*p99 < *",
            "*✔ routing   2 of 2 expected messages arrived, nothing else",
            "judge it again: harness check */runs/*",
        ]
    )
    result.stdout.fnmatch_lines(["*typo.yaml:4: *'expcet'*did you mean 'expect'?"])
    summary = orjson.loads((session.path / "runs/latest/summary.json").read_bytes())
    assert {one["scenario"]: one["verdict"] for one in summary["scenarios"]} == {
        "holds": "PASS",
        "misses-its-time": "FAIL",
    }


def test_a_template_is_a_stack_too(session: pytest.Pytester) -> None:
    """Its options, and what it leaves out, which is told at the end and breaks nothing where warnings are errors."""
    template = (ROOT / "template.yaml").read_text().replace("CodeUri: .", f"CodeUri: {ROOT}")
    session.makefile(".yaml", template=f"{template}\n", holds=HOLDS)
    file = session.path / "template.yaml"
    file.write_text(file.read_text().replace("\nOutputs:", "  Assets: {Type: AWS::S3::Bucket}\n\nOutputs:"))
    session.makepyfile(
        test_it="""
        def test_the_stage_is_the_parameters(harness_stack):
            assert harness_stack.url.endswith("/dev")
        """
    )

    given = ("--harness-stack", "template.yaml", "--harness-parameter", "StageName=dev")
    result = run(session, *given)
    wrong = run(session, *given, "--harness-parameter", "Stage=dev")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["harness: template.yaml:*: Assets: is not deployed here (AWS::S3::Bucket)"])
    wrong.assert_outcomes(failed=1, errors=1)
    wrong.stdout.fnmatch_lines(["*the template has no parameter 'Stage'; did you mean 'StageName'?"])


def test_two_workers_do_not_collide(session: pytest.Pytester) -> None:
    session.makefile(".yaml", one=HOLDS, two=HOLDS)

    result = run(session, "-n", "2", "--dist", "loadfile", "--harness-runs", "kept")

    result.assert_outcomes(passed=2)
    kept = [orjson.loads(file.read_bytes()) for file in session.path.glob("kept/2*/summary.json")]
    assert sorted(one["scenario"] for run in kept for one in run["scenarios"]) == ["one", "two"]
    assert len(kept) == 2


def test_a_worker_that_is_killed_after_its_last_scenario_leaves_reports_and_no_process(
    session: pytest.Pytester,
) -> None:
    session.makefile(".yaml", one=HOLDS, two=HOLDS)
    session.makeconftest(KILLS_ITS_WORKER)
    watched = [sys.executable, str(ORPHANAGE), str(session.path / "pid"), sys.executable, "-m", "pytest"]
    options = [*LOADED, "-p", "no:cacheprovider", "-n", "1", "--max-worker-restart", "0"]

    ended = session.run(*watched, *options, timeout=PATIENCE)

    assert ended.ret == 1, "99: processes were left behind"
    ended.stdout.fnmatch_lines(["*worker 'gw0' crashed while running *"])
    summary = orjson.loads((session.path / "runs/latest/summary.json").read_bytes())
    assert [(one["scenario"], one["verdict"]) for one in summary["scenarios"]] == [
        ("one", "PASS"),
        ("two", "PASS"),
    ]
    assert (summary["complete"], summary["verdict"]) == (False, "UNKNOWN")
    suites = ElementTree.parse(session.path / "runs/latest/junit.xml").getroot()
    assert [suite.findall("testcase")[0].get("classname") for suite in suites] == ["one", "two"]


@pytest.mark.parametrize(
    ("arguments", "when"),
    [
        pytest.param(["-n", "1"], ["closing, complete: True", "finished"], id="worker"),
        pytest.param([], ["finished", "closing, complete: True"], id="alone"),
    ],
)
def test_reports_are_complete_before_anything_is_closed(
    session: pytest.Pytester, arguments: list[str], when: list[str]
) -> None:
    """A worker closes before it says that it is done: the controller ends it ten seconds after that."""
    session.makefile(".yaml", one=HOLDS)
    session.makeconftest(TELLS_WHEN)

    run(session, *arguments).assert_outcomes(passed=1)

    assert (session.path / "when").read_text().splitlines() == when


def test_a_stack_that_cannot_start_is_told_once_by_every_test_and_tried_once(
    session: pytest.Pytester,
) -> None:
    session.makepyfile(
        mine="import a_library_that_is_not_there", test_fixtures="def test(harness_stack): pass"
    )
    session.makefile(
        ".yaml",
        stack="name: mine\nfunctions: {hello: {handler: mine.handler}}\ntopics: {t: {name: T}}\n"
        "api: {name: mine, routes: {$connect: hello}}\n",
        one=HOLDS,
        two=HOLDS,
    )

    result = run(session, "--harness-stack", "stack.yaml")

    result.assert_outcomes(failed=2, errors=1)
    told = "*stack.yaml:2: function 'mine-hello' does not start: Runtime.ImportModuleError*'a_library_*'*"
    result.stdout.fnmatch_lines([told, told, told], consecutive=False)
    assert "Traceback" not in result.stdout.str()


def test_a_stack_that_is_not_there_is_asked_for_by_the_option(session: pytest.Pytester) -> None:
    session.makefile(".yaml", one=HOLDS)
    session.makeini("[pytest]\n")

    result = run(session)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*/stack.yaml is not there: name the stack to deploy with --harness-stack FILE"]
    )


def test_only_yaml_files_that_state_a_claim_are_collected(session: pytest.Pytester) -> None:
    session.makefile(".yaml", holds=HOLDS, folded="scenario: >-\n  A claim\n", quoted="scenario: 'A claim'\n")
    session.makefile(".yml", **NO_SCENARIOS)

    result = run(session, "--collect-only", "--quiet")

    assert sorted(line for line in result.outlines if "::" in line) == [
        "folded.yaml::folded",
        "holds.yaml::holds",
        "quoted.yaml::quoted",
    ]


def test_a_session_without_scenarios_pays_nothing_for_the_plugin(session: pytest.Pytester) -> None:
    session.makepyfile(
        "import sys\n\ndef test_nothing_is_loaded():\n"
        "    assert not {'boto3', 'websockets', 'pydantic', 'harness.live'} & set(sys.modules)\n"
    )
    run(session).assert_outcomes(passed=1)
