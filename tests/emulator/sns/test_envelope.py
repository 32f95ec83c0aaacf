"""Times in the envelope; its shape is pinned by the contract suite."""

import pytest

from harness.emulator.sns.envelope import iso_milliseconds


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (1_700_000_000.0, "2023-11-14T22:13:20.000Z"),
        (1_700_000_000.123, "2023-11-14T22:13:20.123Z"),
        (1_700_000_000.9999997, "2023-11-14T22:13:20.999Z"),
        (0.001, "1970-01-01T00:00:00.001Z"),
    ],
    ids=["a whole second", "milliseconds", "just before the next second", "the first millisecond"],
)
@pytest.mark.aws("S-6")
def test_times_are_cut_to_milliseconds(at: float, expected: str) -> None:
    assert iso_milliseconds(at) == expected
