"""RFC 6455 against the gateway, case by case, numbered as in the Autobahn test suite."""

from collections import Counter
from collections.abc import Iterator

import pytest
from _pytest.mark import ParameterSet

from tests.conformance import closing_cases, framing_cases, limit_cases, text_cases
from tests.conformance.case import Case, play
from tests.conformance.raw_client import opened
from tests.small_api import SmallApi

CASES = (*framing_cases.CASES, *text_cases.CASES, *closing_cases.CASES, *limit_cases.CASES)
SUITE = {"1": 18, "2": 11, "3": 7, "4": 10, "5": 20, "6": 145, "7": 37, "9": 54, "10": 1}
OURS = {"RFC": 6, "Q-3": 2, "Q-4": 2}
AWS_ROWS = {framing_cases.NO_BINARY: "Q-5", framing_cases.FRAME_SIZE: "Q-4", limit_cases.MESSAGE_SIZE: "Q-3"}


def conforming() -> Iterator[ParameterSet]:
    for case in CASES:
        row = AWS_ROWS.get(case.excluded_by, case.number)
        marks = [pytest.mark.aws(row)] if row in AWS_ROWS.values() else []
        yield pytest.param(case, id=f"{case.number} {case.title}", marks=marks)


@pytest.mark.parametrize("case", tuple(conforming()))
def test_case_ends_as_it_must(echo: SmallApi, case: Case) -> None:
    """Frames over 32 KB and messages over 128 KB end with 1009, binary ones with 1003; else as RFC 6455 says."""
    with opened(echo.address, echo.path) as client:
        expected, came = play(client, case)

    assert came == expected


def test_no_case_of_the_suite_is_left_out() -> None:
    """Those that the limits of API Gateway exclude are cases too: their scripts say what AWS does instead."""
    sections = Counter(case.number.partition(".")[0].partition(" ")[0] for case in CASES)

    assert sections == SUITE | OURS
    assert {case.excluded_by for case in CASES} == {
        "",
        framing_cases.NO_BINARY,
        framing_cases.FRAME_SIZE,
        limit_cases.MESSAGE_SIZE,
    }
