import pytest

from harness.errors import BackendError, HarnessError, UsageError, one_error

TAKEN = BackendError("the port is taken")
TYPO = UsageError("unknown step")


@pytest.mark.parametrize(
    "group",
    [
        pytest.param(ExceptionGroup("tasks", [TAKEN]), id="one task failed"),
        pytest.param(ExceptionGroup("tasks", [TAKEN, TYPO]), id="two tasks failed"),
        pytest.param(ExceptionGroup("outer", [ExceptionGroup("inner", [TAKEN])]), id="a group in a group"),
    ],
)
def test_the_first_error_of_a_group_is_told_alone(group: ExceptionGroup[HarnessError]) -> None:
    with pytest.raises(BackendError) as raised, one_error():
        raise group
    assert raised.value is TAKEN
    assert raised.value.__cause__ is not None


def test_a_group_with_a_defect_of_ours_keeps_its_whole_trace() -> None:
    with pytest.raises(ExceptionGroup), one_error():
        raise ExceptionGroup("tasks", [TAKEN, KeyError("defect")])


def test_a_single_error_goes_on_as_it_is() -> None:
    with pytest.raises(UsageError) as raised, one_error():
        raise TYPO
    assert raised.value is TYPO
