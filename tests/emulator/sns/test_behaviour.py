"""How topics behave where SNS promises nothing, as it is asked for."""

import pytest

from harness.emulator.sns.behaviour import AS_ON_A_GOOD_DAY, SnsSettings, TopicBehaviour, read_settings, waits

ARN = "arn:aws:sns:us-east-1:000000000000:"


def test_nothing_is_asked_for_nothing_happens() -> None:
    assert read_settings({}) == SnsSettings({})
    assert waits(AS_ON_A_GOOD_DAY, lambda: 0.0) == (0.0,)


def test_every_switch_can_be_set_for_each_topic_and_for_all_others() -> None:
    every = {
        "duplicates": 0.1,
        "delay": [0.01, 0.2],
        "reorder": 1,
        "reorder_window": 2,
        "failures": 0.3,
        "filter_delay": 900,
    }
    settings = read_settings({"seed": 7, "topics": {"mine": every, "*": {"reorder": 0.5}}})

    assert settings.seed == 7
    assert settings.of(f"{ARN}mine") == TopicBehaviour(0.1, (0.01, 0.2), 1, 2, 0.3, 900)
    assert settings.of(f"{ARN}other") == TopicBehaviour(reorder=0.5)
    assert settings.of(f"{ARN}mine.fifo") == AS_ON_A_GOOD_DAY


@pytest.mark.parametrize(
    ("behaviour", "draw", "expected"),
    [
        pytest.param({"duplicates": 0.5}, 0.49, (0.0, 0.0), id="a duplicate"),
        pytest.param({"duplicates": 0.5}, 0.5, (0.0,), id="no duplicate"),
        pytest.param({"delay": (1.0, 3.0)}, 0.25, (1.5,), id="within the range"),
        pytest.param({"delay": (2.0, 2.0)}, 0.25, (2.0,), id="a fixed delay"),
        pytest.param({"reorder": 0.5, "reorder_window": 4.0}, 0.4, (4.0,), id="held back"),
        pytest.param({"reorder": 0.5, "delay": (1.0, 3.0)}, 0.25, (2.5,), id="delayed and held back"),
    ],
)
def test_how_long_each_delivery_waits(
    behaviour: dict[str, object], draw: float, expected: tuple[float, ...]
) -> None:
    assert waits(TopicBehaviour(**behaviour), lambda: draw) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"topic": {}}, "there is no setting 'topic'; there are seed, topics"),
        ({"seed": "1"}, "seed cannot be '1'"),
        ({"seed": True}, "seed cannot be True"),
        ({"topics": []}, r"topics cannot be \[\]"),
        ({"topics": {"t": 1}}, "t cannot be 1"),
        (
            {"topics": {"t": {"duplicate": 1}}},
            "t: there is no setting 'duplicate'; there are delay, duplicates,",
        ),
        ({"topics": {"t": {"duplicates": 1.1}}}, r"t: duplicates cannot be 1\.1"),
        ({"topics": {"t": {"reorder": True}}}, "t: reorder cannot be True"),
        ({"topics": {"t": {"delay": 1}}}, "t: delay cannot be 1"),
        ({"topics": {"t": {"delay": [2, 1]}}}, r"t: delay cannot be \[2, 1\]"),
        ({"topics": {"t": {"filter_delay": -1}}}, "t: filter_delay cannot be -1"),
    ],
)
def test_what_cannot_be_is_told(wanted: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=f"^{why}"):
        read_settings(wanted)
