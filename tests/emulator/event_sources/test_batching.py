"""When batches are complete, how they are cut, how many run at once."""

from typing import Any

import pytest

from harness.emulator.event_sources.batching import batches_at_once, fitting, window_left
from harness.emulator.event_sources.mapping import LARGEST_PAYLOAD
from tests.emulator.event_sources.mappings import a_queue_mapping


@pytest.mark.parametrize(
    ("settings", "batch", "left"),
    [
        pytest.param({}, {"records": 1, "size": 9, "open_for": 0.0}, 0.0, id="no window"),
        pytest.param(
            {"batch_window": 5}, {"records": 1, "size": 9, "open_for": 2.0}, 3.0, id="within the window"
        ),
        pytest.param(
            {"batch_window": 5}, {"records": 1, "size": 9, "open_for": 6.0}, 0.0, id="after the window"
        ),
        pytest.param(
            {"batch_window": 5}, {"records": 10, "size": 9, "open_for": 0.0}, 0.0, id="a full batch"
        ),
        pytest.param(
            {"batch_window": 5},
            {"records": 2, "size": LARGEST_PAYLOAD, "open_for": 0.0},
            0.0,
            id="a full payload",
        ),
    ],
)
def test_batch_waits_for_more(settings: dict[str, Any], batch: dict[str, Any], left: float) -> None:
    assert window_left(a_queue_mapping(**settings), **batch) == left


@pytest.mark.parametrize(
    ("sizes", "count"),
    [
        ([], 0),
        ([1, 2, 3], 3),
        ([LARGEST_PAYLOAD], 1),
        ([LARGEST_PAYLOAD + 1, 1], 1),
        ([LARGEST_PAYLOAD - 1, 1], 2),
        ([LARGEST_PAYLOAD - 1, 2, 1], 1),
    ],
    ids=["nothing", "all", "exactly", "too large alone", "exactly two", "the second is too much"],
)
def test_records_fit_into_an_invocation(sizes: list[int], count: int) -> None:
    assert fitting(sizes, lambda size: size) == count


@pytest.mark.parametrize(
    ("busy_for", "bound", "most"),
    [
        (0.0, None, 5),
        (59.9, None, 5),
        (60.0, None, 305),
        (120.0, None, 605),
        (3600.0, None, 1250),
        (0.0, 2, 2),
    ],
)
def test_batches_run_at_once(busy_for: float, bound: int | None, most: int) -> None:
    assert batches_at_once(a_queue_mapping(maximum_concurrency=bound), busy_for=busy_for) == most
