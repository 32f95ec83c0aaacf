"""What answers to posts mean."""

import pytest

from dex.ws.http_response import Response
from dex.ws.post_outcomes import (
    DELIVERED,
    GONE,
    Failed,
    Outcome,
    PostReport,
    RetryPolicy,
    outcome_of,
    outcome_of_error,
)


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        (Response(200), DELIVERED),
        (Response(204), DELIVERED),
        (Response(410, "GoneException"), GONE),
        (Response(410), GONE),
        (Response(400, "BadRequestException", b"{}"), Failed("400 BadRequestException {}", transient=False)),
        (Response(403, "ForbiddenException"), Failed("403 ForbiddenException", transient=False)),
        (Response(404), Failed("404", transient=False)),
        (Response(413, "PayloadTooLargeException"), Failed("413 PayloadTooLargeException", transient=False)),
        (Response(429, "LimitExceededException"), Failed("429 LimitExceededException", transient=True)),
        (Response(500), Failed("500", transient=True)),
        (Response(503), Failed("503", transient=True)),
        (Response(302), Failed("302", transient=False)),
    ],
)
def test_only_410_is_gone_and_only_429_and_5xx_are_transient(response: Response, outcome: Outcome) -> None:
    assert outcome_of(response) == outcome


def test_no_answer_is_transient() -> None:
    assert outcome_of_error(ConnectionResetError("closed")) == Failed(
        "ConnectionResetError: closed", transient=True
    )


@pytest.mark.parametrize(
    ("retry", "chance", "delay"),
    [(1, 0.0, 0.05), (1, 0.5, 0.075), (2, 0.0, 0.1), (3, 0.0, 0.2), (9, 0.5, 0.75)],
)
def test_delays_double_up_to_the_longest_and_are_spread(retry: int, chance: float, delay: float) -> None:
    assert RetryPolicy(first=0.1, longest=1.0).delay(retry, chance) == pytest.approx(delay)


def test_a_report_tells_the_last_outcome_of_each_connection() -> None:
    bad = Failed("400 BadRequestException", transient=False)
    report = PostReport.of({"a": DELIVERED, "b": GONE, "c": bad, "d": DELIVERED, "e": GONE})
    assert report == PostReport(delivered=2, gone=("b", "e"), failed={"c": "400 BadRequestException"})


def test_failures_are_told_by_reason_and_not_one_by_one() -> None:
    report = PostReport(
        delivered=0, failed={**{f"c{n}": "503" for n in range(7)}, "x": "400 BadRequestException"}
    )
    assert list(report.failures()) == ["503 (c0, c1, c2, c3, c4 and 2 more)", "400 BadRequestException (x)"]
