"""`harness run` on an endpoint that is not the run's own: another emulator, to which everything here is a stranger."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.backends.chat import LAGGING, LONG, SCENARIO, a_project
from tests.backends.conftest import NOTHING, Endpoint
from tests.end_to_end.command import Command, Ended

Run = Callable[..., Ended]


def summary_of(folder: Path) -> Any:
    return json.loads((folder / "runs/latest/summary.json").read_text())


def verdicts_of(folder: Path) -> dict[str, dict[str, str]]:
    return {
        one["scenario"]: {check["check"]: check["verdict"] for check in one["checks"]}
        for one in summary_of(folder)["scenarios"]
    }


def test_everything_can_be_elsewhere_and_nothing_of_it_stays(
    tmp_path: Path, emulator: Endpoint, harness: Run
) -> None:
    a_project(tmp_path)

    ended = harness("run", "--endpoint-url", emulator.url, "--accept-unknown", "health,purge")

    where = f"fanout-harness 0.1.0 at {emulator.url}"
    assert ended.exit_code == 0, ended.stdout + ended.stderr
    assert f"tables, topics, queues, API, functions: {where}\n" in ended.stdout
    assert "0 passed, 0 failed, 1 unknown (1 accepted)" in ended.stdout
    assert verdicts_of(tmp_path) == {
        "rooms": {
            "routing": "PASS",
            "latency": "PASS",
            "purge": "UNKNOWN",
            "refusals": "PASS",
            "health": "UNKNOWN",
        }
    }
    assert emulator.resources() == NOTHING


def test_what_a_backend_does_not_show_is_unknown_with_the_reason(
    tmp_path: Path, emulator: Endpoint, harness: Run
) -> None:
    a_project(tmp_path)

    ended = harness("run", "--backend", "endpoint", "--endpoint-url", emulator.url)

    (scenario,) = summary_of(tmp_path)["scenarios"]
    reason = f"fanout-harness 0.1.0 at {emulator.url} does not show its inside"
    assert ended.exit_code == 3
    assert {one["check"]: one["summary"] for one in scenario["checks"] if one["verdict"] == "UNKNOWN"} == {
        "purge": f"which rows were deleted, and which connections were gone, cannot be seen: {reason}",
        "health": f"whether functions failed cannot be seen: {reason}",
    }


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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("mode", [(), ("--hybrid",)], ids=["everything there", "hybrid"])
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


def test_a_deployment_that_fails_leaves_nothing_there(
    tmp_path: Path, emulator: Endpoint, harness: Run
) -> None:
    a_project(tmp_path)
    (tmp_path / "stack.yaml").write_text(
        (tmp_path / "stack.yaml").read_text().replace("$disconnect: disconnect", '"": disconnect')
    )

    ended = harness("run", "--endpoint-url", emulator.url)

    assert (ended.exit_code, "cannot be deployed" in ended.stderr) == (4, True), ended.stderr
    assert emulator.resources() == NOTHING


def until_published(folder: Path) -> None:
    """Returns once the scenario's history holds an event."""
    import time

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        histories = list(folder.glob("runs/latest/*/history.jsonl"))
        if any(b'"kind":"EventPublished"' in one.read_bytes() for one in histories):
            return
        time.sleep(0.05)
    raise AssertionError("nothing was published within 60 s")
