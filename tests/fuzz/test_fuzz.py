"""Malformed input leaves nothing behind."""

from pathlib import Path

import pytest

from tests.fuzz.inputs import malformed
from tests.fuzz.run import fuzz


@pytest.mark.timeout(300)
def test_malformed_input_leaks_no_connection_no_task_and_nothing_in_flight(tmp_path: Path) -> None:
    report = fuzz(tmp_path, n=3000, seed=2, logged=0)

    assert sum(report.outcome.endings.values()) == 3000
    assert report.leaks == ()


def test_an_input_is_the_same_whenever_it_is_made() -> None:
    made = [[malformed(1, number, "/p") for number in range(200)] for _ in range(2)]

    assert made[0] == made[1]
    assert len({one.head for one in made[0] if one.frames is None}) > 50
