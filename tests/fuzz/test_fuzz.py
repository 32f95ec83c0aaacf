"""Malformed input leaves nothing behind."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fuzz.attack import Outcome
from tests.fuzz.inputs import malformed
from tests.fuzz.run import Report, State, fuzz


@pytest.mark.timeout(300)
def test_malformed_input_leaks_no_connection_no_task_and_nothing_in_flight(tmp_path: Path) -> None:
    report = fuzz(tmp_path, n=3000, seed=2, logged=0)

    assert sum(report.outcome.endings.values()) == 3000
    assert report.leaks == ()


def test_an_input_is_the_same_whenever_it_is_made() -> None:
    made = [[malformed(1, number, "/p") for number in range(200)] for _ in range(2)]

    assert made[0] == made[1]
    assert len({one.head for one in made[0] if one.frames is None}) > 50


IDLE = State(http=2, websocket=0, in_flight=0, tasks=3, memory=100)
GOOD = Report(9, 1.0, Outcome(Counter({"400": 9})), IDLE, IDLE, replace(IDLE, memory=110), 0.001, 0.002)


@pytest.mark.parametrize(
    ("report", "faults"),
    [
        pytest.param(GOOD, 0, id="all is well"),
        pytest.param(replace(GOOD, after=replace(IDLE, websocket=1)), 1, id="a WebSocket is left open"),
        pytest.param(replace(GOOD, after=replace(IDLE, http=3)), 1, id="an HTTP connection is left open"),
        pytest.param(replace(GOOD, after=replace(IDLE, in_flight=1)), 1, id="something never ended"),
        pytest.param(replace(GOOD, after=replace(IDLE, tasks=4)), 1, id="a task is left"),
        pytest.param(replace(GOOD, after=replace(IDLE, memory=111)), 1, id="memory has grown"),
        pytest.param(replace(GOOD, latency=0.003), 1, id="clients are served more slowly"),
        pytest.param(
            replace(GOOD, outcome=Outcome(suspects=[(4, "hung"), (7, "500")])), 2, id="inputs hung and broke"
        ),
    ],
)
def test_what_a_run_leaves_behind_is_told(report: Report, faults: int) -> None:
    assert len(report.faults) == faults
