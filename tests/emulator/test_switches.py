"""Switches stand in files and in the emulator both: what the one writes, the other takes, and nothing else."""

from dataclasses import dataclass, fields
from itertools import product
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from harness.emulator.dynamodb.settings import DynamoDbSettings
from harness.emulator.sns.behaviour import TopicBehaviour
from harness.emulator.switches import Share, read_switches
from harness.scenario.behaviour import DynamoDbBehaviour, SnsBehaviour

BOTH: tuple[tuple[type[BaseModel], Any], ...] = (
    (SnsBehaviour, TopicBehaviour),
    (DynamoDbBehaviour, DynamoDbSettings),
)
EVERY = [(written, ours, name) for written, ours in BOTH for name in written.model_fields]


@dataclass(frozen=True, slots=True)
class Some:
    on: bool = False
    times: int = 0
    seconds: float | None = None
    share: Share = 0.0
    between: tuple[float, float] = (0.0, 0.0)


@pytest.mark.parametrize(("written", "ours"), BOTH)
def test_files_and_emulator_know_the_same_switches(written: type[BaseModel], ours: Any) -> None:
    assert written().model_dump() == {one.name: one.default for one in fields(ours)}


@pytest.mark.parametrize(
    ("written", "ours", "name"), EVERY, ids=[f"{ours.__name__}.{name}" for _, ours, name in EVERY]
)
@pytest.mark.parametrize("value", [-1, -0.5, 0.5, 2, 7.5])
def test_files_and_emulator_take_the_same_numbers(
    written: type[BaseModel], ours: Any, name: str, value: float
) -> None:
    try:
        said = written.model_validate({name: value}).model_dump(exclude_unset=True)
    except ValidationError:
        with pytest.raises(ValueError, match=f"{name} cannot be {value}"):
            read_switches(ours, {name: value})
    else:
        assert read_switches(ours, said) == ours(**said)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *product(["on"], [True, False]),
        *product(["times"], [0, 3]),
        *product(["seconds"], [None, 0, 1.5]),
        *product(["share"], [0, 0.5, 1]),
        *product(["between"], [[0, 0], [0.5, 2]]),
    ],
)
def test_a_switch_takes_what_its_type_says(name: str, value: Any) -> None:
    expected = tuple(value) if isinstance(value, list) else value
    assert getattr(read_switches(Some, {name: value}), name) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *product(["on"], [0, 1, None, "true"]),
        *product(["times"], [-1, 1.5, True, None, "1"]),
        *product(["seconds"], [-1, True, "1s"]),
        *product(["share"], [-0.1, 1.1, True, None, "1"]),
        *product(["between"], [1, [2, 1], [1], [1, 2, 3], [-1, 0], [True, 2], ["1", 2], None]),
    ],
)
def test_a_switch_refuses_everything_else(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{name} cannot be "):
        read_switches(Some, {name: value})


def test_a_switch_that_is_not_there_is_told_with_those_that_are() -> None:
    known = "between, on, seconds, share, times"
    with pytest.raises(ValueError, match=f"^there is no setting 'off'; there are {known}$"):
        read_switches(Some, {"off": True})
