"""Which filter policy is in force while changes of it spread."""

import pytest

from harness.emulator.sns.filter_changes import FilterChanges
from harness.emulator.sns.filter_policy import FilterPolicy

FIRST, SECOND, THIRD = (FilterPolicy({"k": [number]}) for number in range(3))


@pytest.mark.aws("S-22")
@pytest.mark.parametrize(
    ("at", "delay", "in_force"),
    [
        pytest.param(10.0, 100.0, FIRST, id="the first change has just been made"),
        pytest.param(109.9, 100.0, FIRST, id="it is on its way"),
        pytest.param(110.0, 100.0, SECOND, id="it has arrived, and the second one has not"),
        pytest.param(120.0, 100.0, THIRD, id="both have arrived"),
        pytest.param(30.0, 900.0, FIRST, id="a longer delay since then is for later changes"),
        pytest.param(30.0, 5.0, THIRD, id="a shorter delay is for these too"),
    ],
)
def test_a_change_takes_its_time(at: float, delay: float, in_force: FilterPolicy) -> None:
    changes = FilterChanges()
    changes.changed("s", FIRST, at=10.0, delay=100.0)
    changes.changed("s", SECOND, at=20.0, delay=100.0)

    assert changes.in_force("s", THIRD, at=at, delay=delay) == in_force
    assert changes.in_force("another", None, at=at, delay=delay) is None
