"""A bounded, numbered list of observations."""

import pytest

from harness.emulator.journal import Journal
from harness.record.observation import ObservationsLost


def noted(count: int, capacity: int) -> Journal:
    journal = Journal(capacity)
    for number in range(count):
        journal.note(ObservationsLost(float(number), number))
    return journal


@pytest.mark.parametrize(
    ("count", "since", "most", "seen", "next_number", "lost"),
    [
        (0, 0, 9, [], 0, 0),
        (3, 0, 9, [0, 1, 2], 3, 0),
        (3, 1, 1, [1], 2, 0),
        (3, 3, 9, [], 3, 0),
        (5, 0, 9, [1, 2, 3, 4], 5, 1),
        (9, 2, 2, [5, 6], 7, 3),
        (9, 8, 9, [8], 9, 0),
        (3, 7, 9, [], 7, 0),
    ],
    ids=[
        "empty",
        "everything",
        "one page",
        "nothing new",
        "the oldest is lost",
        "a page after a loss",
        "the last one",
        "a number that is not reached yet",
    ],
)
def test_observations_are_read_by_number(
    count: int, since: int, most: int, seen: list[int], next_number: int, lost: int
) -> None:
    journal = noted(count, capacity=4)
    expected = tuple(ObservationsLost(float(number), number) for number in seen)

    assert journal.since(since, most=most) == (expected, next_number, lost)
    assert journal.next_number == count
