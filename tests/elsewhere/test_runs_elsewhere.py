"""`harness run` and `up` on an endpoint that is not their own: another emulator, to which they are strangers."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.backends.chat import LAGGING, LONG, SCENARIO, a_project
from tests.backends.conftest import NOTHING, Endpoint
from tests.end_to_end.command import Command, Ended, summary_of
from tests.patience import WAIT

Run = Callable[..., Ended]


def verdicts_of(folder: Path) -> dict[str, dict[str, str]]:
    return {
        one["scenario"]: {check["check"]: check["verdict"] for check in one["checks"]}
        for one in summary_of(folder)["scenarios"]
    }


def test_everything_can_be_elsewhere_and_what_that_hides_is_unknown(
    tmp_path: Path, emulator: Endpoint, harness: Run
) -> None:
    a_project(tmp_path)

    ended = harness("run", "--backend", "endpoint", "--endpoint-url", emulator.url)

    where = f"fanout-harness 0.1.0 at {emulator.url}"
    (scenario,) = summary_of(tmp_path)["scenarios"]
    assert ended.exit_code == 3, ended.stdout + ended.stderr
    assert f"tables, topics, queues, API, functions: {where}\n" in ended.stdout
    assert verdicts_of(tmp_path) == {
        "rooms": {
            "routing": "PASS",
            "latency": "PASS",
            "purge": "UNKNOWN",
            "refusals": "PASS",
            "health": "UNKNOWN",
        }
    }
    reason = f"cannot be seen: {where} does not show its inside"
    assert {one["check"]: one["summary"] for one in scenario["checks"] if one["verdict"] == "UNKNOWN"} == {
        "purge": f"which rows were deleted, and which connections were gone, {reason}",
        "health": f"whether functions failed {reason}",
    }
    assert emulator.resources() == NOTHING


def test_an_accepted_unknown_lets_the_run_pass_and_is_told(
    tmp_path: Path, emulator: Endpoint, harness: Run
) -> None:
    a_project(tmp_path)

    ended = harness("run", "--endpoint-url", emulator.url, "--accept-unknown", "health,purge")

    assert ended.exit_code == 0, ended.stdout + ended.stderr
    assert "0 passed, 0 failed, 1 unknown (1 accepted)" in ended.stdout
    assert "accepted: whether functions failed cannot be seen" in ended.stdout
    summary = summary_of(tmp_path)
    assert (summary["verdict"], summary["gate"]) == ("UNKNOWN", "PASS")
    assert harness("check").exit_code == 3
    assert harness("check", "--accept-unknown", "health").exit_code == 3


def test_hybrid_shows_its_inside_and_says_which_part_was_where(
    tmp_path: Path, emulator: Endpoint, harness: Run
) -> None:
    a_project(tmp_path)

    ended = harness("run", "--endpoint-url", emulator.url, "--hybrid")

    where = f"fanout-harness 0.1.0 at {emulator.url}"
    parts = {"tables": where, "topics": where, "queues": where, "API": "here", "functions": "here"}
    assert ended.exit_code == 0, ended.stdout + ended.stderr
    assert f"tables, topics, queues: {where}; API, functions: here\n" in ended.stdout
    assert set(verdicts_of(tmp_path)["rooms"].values()) == {"PASS"}
    assert summary_of(tmp_path)["run"]["parts"] == parts
    assert json.loads((tmp_path / "runs/latest/run.json").read_bytes())["parts"] == parts
    properties = ElementTree.parse(tmp_path / "runs/latest/junit.xml").findall(".//property")
    assert {one.get("name"): one.get("value") for one in properties} == {"backend": "endpoint", **parts}
    assert emulator.resources() == NOTHING


@pytest.mark.parametrize("mode", [(), ("--hybrid",)], ids=["everything there", "hybrid"])
def test_what_others_have_there_is_left_alone(
    tmp_path: Path, emulator: Endpoint, harness: Run, mode: tuple[str, ...]
) -> None:
    a_project(tmp_path)
    tables, topics = emulator.aws("dynamodb"), emulator.aws("sns")
    tables.create_table(
        TableName="Rooms",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    tables.put_item(TableName="Rooms", Item={"id": {"S": "mine"}})
    topic_arn = topics.create_topic(Name="Messages")["TopicArn"]

    ended = harness("run", "--endpoint-url", emulator.url, *mode, "--accept-unknown", "health,purge")

    assert ended.exit_code == 0, ended.stdout + ended.stderr
    assert emulator.resources() == {**NOTHING, "tables": ["Rooms"], "topics": [topic_arn]}
    assert tables.scan(TableName="Rooms")["Items"] == [{"id": {"S": "mine"}}]


@pytest.mark.parametrize(
    ("mode", "where"),
    [
        pytest.param((), "{} cannot be told how to behave", id="everything there"),
        pytest.param(("--hybrid",), "the tables of {} cannot be told how to behave", id="hybrid"),
    ],
)
def test_a_scenario_whose_settings_the_backend_lacks_is_unknown_and_the_others_run(
    tmp_path: Path, emulator: Endpoint, harness: Run, mode: tuple[str, ...], where: str
) -> None:
    a_project(tmp_path, lagging=LAGGING, rooms=SCENARIO)

    ended = harness("run", "--endpoint-url", emulator.url, *mode, "--accept-unknown", "health,purge")

    where = where.format(f"fanout-harness 0.1.0 at {emulator.url}")
    assert ended.exit_code == 3, ended.stdout + ended.stderr
    lagging, rooms = summary_of(tmp_path)["scenarios"]
    (played,) = lagging["checks"]
    assert (played["check"], played["verdict"]) == ("played", "UNKNOWN")
    assert played["summary"] == f"not played: it sets dynamodb.index_lag, but {where}"
    assert next(one for one in rooms["checks"] if one["check"] == "routing")["verdict"] == "PASS"
    assert harness("check", "--accept-unknown", "health,purge,played").exit_code == 0


def test_what_the_stack_sets_for_the_emulator_is_told_to_be_out_of_force(
    tmp_path: Path, emulator: Endpoint, harness: Run
) -> None:
    a_project(tmp_path)
    with (tmp_path / "stack.yaml").open("a") as stack:
        stack.write("dynamodb: {index_lag: 50ms}\n")

    ended = harness("run", "--endpoint-url", emulator.url, "--hybrid")

    assert ended.exit_code == 0, ended.stdout + ended.stderr
    assert "; dynamodb.index_lag of the stack: not in force\n" in ended.stdout


@pytest.mark.parametrize("mode", [(), ("--hybrid",)], ids=["everything there", "hybrid"])
def test_an_endpoint_that_dies_is_exit_code_4_and_one_message(
    tmp_path: Path, emulator: Endpoint, start: Callable[..., Command], mode: tuple[str, ...]
) -> None:
    a_project(tmp_path, long=LONG)
    command = start("run", "--endpoint-url", emulator.url, *mode)
    until_published(tmp_path)

    os.kill(emulator.pid, signal.SIGKILL)
    ended = command.end()

    # The command's end fails the test when a process is left.
    assert (ended.exit_code, ended.stderr.count("harness: ")) == (4, 1)
    assert f"harness: fanout-harness 0.1.0 at {emulator.url} does not answer any more" in ended.stderr
    assert "what the run had made stays there: " in ended.stderr


@pytest.mark.parametrize(
    ("mode", "number"),
    [
        pytest.param((), signal.SIGTERM, id="everything there, terminated"),
        pytest.param(("--hybrid",), signal.SIGINT, id="hybrid, interrupted"),
    ],
)
def test_an_interrupted_run_leaves_nothing_there(
    tmp_path: Path,
    emulator: Endpoint,
    start: Callable[..., Command],
    mode: tuple[str, ...],
    number: signal.Signals,
) -> None:
    a_project(tmp_path, long=LONG)
    command = start("run", "--endpoint-url", emulator.url, *mode)
    until_published(tmp_path)
    assert len(emulator.resources()["tables"]) == 1

    command.send(number)
    ended = command.end()

    assert (ended.exit_code, ended.stderr) == (
        130,
        "harness: interrupted; every process it started has ended\n",
    )
    assert emulator.resources() == NOTHING


def test_a_handler_that_does_not_start_leaves_nothing_there(
    tmp_path: Path, emulator: Endpoint, harness: Run
) -> None:
    a_project(tmp_path)
    (tmp_path / "app.py").write_text("import nowhere")

    ended = harness("run", "--endpoint-url", emulator.url, "--hybrid")

    assert ended.exit_code == 1, ended.stdout
    assert "does not start: Runtime.ImportModuleError" in ended.stderr
    assert emulator.resources() == NOTHING


@pytest.mark.parametrize("command", ["run", "up"])
def test_functions_here_cannot_read_what_is_there_and_that_is_told_before_anything_is_made(
    tmp_path: Path, emulator: Endpoint, harness: Run, command: str
) -> None:
    a_project(tmp_path)
    stack = tmp_path / "stack.yaml"
    text = stack.read_text().replace("hash_key: id}", "hash_key: id, stream: KEYS_ONLY}")
    reads = "queues: [jobs]\n    streams: [rooms]\n    subscribed_to"
    stack.write_text(text.replace("subscribed_to", reads) + "queues: {jobs: {name: Jobs}}\n")

    ended = harness(command, "--stack", "stack.yaml", "--endpoint-url", emulator.url, "--hybrid")

    where = f"of fanout-harness 0.1.0 at {emulator.url}"
    assert ended.exit_code == 2, ended.stdout
    assert ended.stderr == (
        "harness: functions that run here read only what is here: 'fan_out' reads the queue 'jobs' "
        f"{where}; 'fan_out' reads the stream of the table 'rooms' {where}; run the stack with --backend embedded, "
        "or on an endpoint that has its functions too, without --hybrid\n"
    )
    assert (emulator.resources(), emulator.aws("sqs").list_queues().get("QueueUrls")) == (NOTHING, None)


def test_up_has_tables_and_topics_elsewhere_until_it_ends(
    tmp_path: Path, emulator: Endpoint, start: Callable[..., Command]
) -> None:
    a_project(tmp_path)
    command = start("up", "--port", "0", "--endpoint-url", emulator.url)

    said = command.wait_for("Ctrl-C stops it.")
    there = emulator.resources()
    command.send(signal.SIGINT)
    ended = command.end()

    assert ended.exit_code == 0, ended.stderr
    assert [name.partition("-")[0] for name in there["tables"]] == ["Rooms"]
    assert f"  table          {there['tables'][0]}\n" in said
    assert f"  topic          {there['topics'][0]}\n" in said
    assert (there["functions"], there["apis"]) == ([], [])
    assert emulator.resources() == NOTHING


def until_published(folder: Path) -> None:
    """Returns once the scenario's history holds an event."""
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        histories = list(folder.glob("runs/latest/*/history.jsonl"))
        if any(b'\n["EventPublished",' in one.read_bytes() for one in histories):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing was published within {WAIT:g} s")
