"""Connection, message and request ids (I-1 to I-3, M-6, M-7)."""

import re
from base64 import urlsafe_b64decode
from random import Random

import pytest

from harness.emulator.gateway.ids import is_well_formed, new_connection_id, new_message_id, new_request_id

CANONICAL = re.compile(r"[A-Za-z0-9_-]{14}[AEIMQUYcgkosw048]=")


@pytest.mark.aws("I-2")
@pytest.mark.parametrize(
    ("recorded", "time"),
    [("TXzPWdnOjoECGjA=", 1708326702.789), ("PJqB0fHsqRcCHlw=", 1701245041.796)],
)
def test_time_in_an_id_is_that_of_recorded_ids(recorded: str, time: float) -> None:
    ours, theirs = urlsafe_b64decode(new_connection_id(time, Random(1))), urlsafe_b64decode(recorded)
    assert abs(int.from_bytes(ours[:4], "big") - int.from_bytes(theirs[:4], "big")) <= 5  # units of 25 ms


@pytest.mark.aws("I-1", "I-3")
def test_ids_have_the_recorded_shape() -> None:
    random = Random(1)
    for _ in range(200):
        connection = new_connection_id(1.7e9, random)
        message, request = new_message_id(connection, 1.7e9, random), new_request_id(1.7e9, random)
        assert all(CANONICAL.fullmatch(each) for each in (connection, message, request))
        assert (connection[11], message[-5:], request[11]) == ("C", connection[-5:], "F")
        assert len({connection, message, request}) == 3


@pytest.mark.parametrize(
    ("connection_id", "expected"),
    [
        pytest.param("L0SM9cOFvHcCIhw=", True, id="I-1", marks=pytest.mark.aws("I-1")),
        pytest.param("H111mc0HywMCEEf=", True, id="M-7 not canonical", marks=pytest.mark.aws("M-7")),
        pytest.param("test", False, id="M-6 too short", marks=pytest.mark.aws("M-6")),
        pytest.param(
            "0b0e8f4e-3c3c-4a7e-9d3f-111111111111", False, id="M-6 a UUID", marks=pytest.mark.aws("M-6")
        ),
        pytest.param("L0SM9cOFvHcCIh+=", False, id="M-6 another alphabet", marks=pytest.mark.aws("M-6")),
        pytest.param("L0SM9cOFvHcCIhw%3D", False, id="K-12 encoded twice", marks=pytest.mark.aws("K-12")),
    ],
)
def test_id_is_well_formed(connection_id: str, expected: bool) -> None:
    assert is_well_formed(connection_id) is expected
