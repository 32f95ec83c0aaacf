"""What a message carries is found out however it looks: wrong pushes are named, wrapped ones are right."""

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.command import HERE, Command, summary_of

FAN_OUTS = (
    "wraps_the_records",
    "wraps_in_detail",
    "leaks_without_the_id",
    "leaks_a_batch",
    "leaks_in_its_own_words",
    "doubles_a_member",
    "drops",
    "posts_later",
)
SCENARIO = """
scenario: What is said in a room is heard there and nowhere else
clients:
  kitchen: {count: 3, query: {room: %s}}
  garden: {count: 2, query: {room: garden}}
timeline:
  - at: 0s
    every: 100ms
    for: 300ms
    publish: {room: %s, type: tick, price: 0.1, number: "{n}"}
"""


@pytest.fixture(scope="module")
def routing_by_fan_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Any]]:
    """Of one run, what its summary says of routing in each fan-out's room."""
    folder = tmp_path_factory.mktemp("attribution")
    shutil.copytree(HERE / "attribution", folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
    scenarios = folder / "scenarios"
    scenarios.mkdir()
    for name in FAN_OUTS:
        (scenarios / f"{name}.yaml").write_text(SCENARIO % (name, name))
    asked = ("--stack", str(folder / "app/stack.yaml"), "--runs", str(folder / "runs"), str(scenarios))
    Command(("run", *asked), folder, Path.cwd()).end()
    yield {
        scenario["scenario"].replace("-", "_"): check
        for scenario in summary_of(folder)["scenarios"]
        for check in scenario["checks"]
        if check["check"] == "routing"
    }


@pytest.mark.parametrize("fan_out", ["wraps_the_records", "wraps_in_detail"])
def test_a_wrapped_event_is_right_and_told_once(routing_by_fan_out: Mapping[str, Any], fan_out: str) -> None:
    routing = routing_by_fan_out[fan_out]

    assert (routing["verdict"], routing["findings"]) == ("PASS", [])
    assert routing["summary"] == "9 of 9 expected messages arrived, nothing else (all wrapped)"


@pytest.mark.parametrize(
    ("fan_out", "says"),
    [
        pytest.param(
            "leaks_without_the_id",
            "3 events leaked (#, #, ...), each to all 2 of garden; all tick; "
            "it differs at eventId, which is missing; posted by attributed-fan_out",
            id="a leak without its id",
        ),
        pytest.param(
            "leaks_a_batch",
            "3 events leaked (#, #, ...), each to all 2 of garden; all tick; posted by attributed-fan_out",
            id="a leak in a batch",
        ),
        pytest.param(
            "leaks_in_its_own_words",
            "3 events leaked (#, #, ...), each to all 2 of garden; all tick; "
            "it differs: nothing of what was published is in it; posted by attributed-fan_out",
            id="a leak in other words",
        ),
        pytest.param(
            "doubles_a_member",
            "3 events arrived altered (#, #, ...), each at all 3 of kitchen; all tick: "
            "# differs at price, which is given twice; posted by attributed-fan_out",
            id="a member given twice",
        ),
        pytest.param(
            "drops",
            "3 events never received (#, #, ...), each by all 3 of kitchen; all tick: no function posted it",
            id="dropped behind a queue",
        ),
        pytest.param(
            "posts_later",
            "2 events posted late (#, #), each to all 3 of kitchen; all tick: # was posted TIME late, "
            "in #'s invocation: the handler had returned before; posted by attributed-fan_out",
            id="posted by the next invocation",
        ),
    ],
)
def test_the_first_finding_is_the_cause_of(
    routing_by_fan_out: Mapping[str, Any], fan_out: str, says: str
) -> None:
    routing = routing_by_fan_out[fan_out]
    first = re.sub(r"\be\d+\b", "#", re.sub(r"[\d.]+ m?s\b", "TIME", routing["findings"][0]["what"]))

    assert (routing["verdict"], first) == ("FAIL", says)
