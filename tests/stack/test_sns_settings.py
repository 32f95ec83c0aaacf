"""How SNS shall deliver, as stack.yaml and a scenario over it say."""

import pytest
from pydantic import ValidationError

from harness.scenario.behaviour import SnsBehaviour
from harness.stack.model import Api, Function, Stack, Topic


def a_stack(**topics: SnsBehaviour) -> Stack:
    return Stack(
        name="s",
        functions={"f": Function(handler="a.b")},
        api=Api(name="s", routes={}),
        topics={name: Topic(name=name.title(), delivery=one) for name, one in topics.items()},
    )


def behaviour(**said: object) -> SnsBehaviour:
    return SnsBehaviour.model_validate(said)


def test_nothing_is_said_of_a_topic_that_is_as_on_aws() -> None:
    assert a_stack(events=behaviour()).sns_settings() == {"seed": None, "topics": {"Events": {}, "*": {}}}


def test_a_scenario_says_it_of_every_topic_over_what_the_stack_says_of_each() -> None:
    stack = a_stack(events=behaviour(duplicates=0.5, delay="1s"), other=behaviour())
    over = behaviour(duplicates=0, reorder=0.1)

    assert stack.sns_settings(over, seed=7) == {
        "seed": 7,
        "topics": {
            "Events": {"duplicates": 0.0, "delay": (1.0, 1.0), "reorder": 0.1},
            "Other": {"duplicates": 0.0, "reorder": 0.1},
            "*": {"duplicates": 0.0, "reorder": 0.1},
        },
    }


@pytest.mark.parametrize(
    ("written", "delay"),
    [
        ("50ms", (0.05, 0.05)),
        (2, (2.0, 2.0)),
        ("10ms..200ms", (0.01, 0.2)),
        ("1s .. 1m", (1.0, 60.0)),
        ([1, 2], (1.0, 2.0)),
    ],
)
def test_a_delay_is_a_duration_or_a_range(written: object, delay: tuple[float, float]) -> None:
    assert behaviour(delay=written).delay == delay


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"delay": "2s..1s"}, "ends before it begins; write 10ms..200ms"),
        ({"delay": "1s..soon"}, "'soon' is not a duration; write 100ms, 5s or 1m"),
        ({"delay": [2, 1]}, "ends before it begins; write 10ms..200ms"),
        ({"duplicates": 2}, "less than or equal to 1"),
        ({"duplicate": 1}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_is_told(said: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        behaviour(**said)
