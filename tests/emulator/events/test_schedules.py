"""When schedules fall due."""

from datetime import UTC, datetime

import pytest

from harness.clock import ManualClock
from harness.emulator.events.schedules import (
    InvalidSchedule,
    Rate,
    ScheduleNotEmulated,
    next_due,
    parse_schedule,
)
from harness.emulator.events.timetable import Timetable

SUNDAY = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)


def due(expression: str, after: datetime = SUNDAY) -> str | None:
    at = next_due(parse_schedule(expression), after.timestamp())
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%a %Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 minute)", "Sun 2026-11-22 12:01:30"),
        ("rate(5 minutes)", "Sun 2026-11-22 12:05:30"),
        ("rate(2 hours)", "Sun 2026-11-22 14:00:30"),
        ("rate(1 day)", "Mon 2026-11-23 12:00:30"),
        ("cron(* * * * ? *)", "Sun 2026-11-22 12:01:00"),
        ("cron(0/15 * * * ? *)", "Sun 2026-11-22 12:15:00"),
        ("cron(0 12 * * ? *)", "Mon 2026-11-23 12:00:00"),
        ("cron(15,45 10-11 * * ? *)", "Mon 2026-11-23 10:15:00"),
        ("cron(0 18 ? * MON-FRI *)", "Mon 2026-11-23 18:00:00"),
        ("cron(0 18 ? * 1 *)", "Sun 2026-11-22 18:00:00"),
        ("cron(0 0 1 * ? *)", "Tue 2026-12-01 00:00:00"),
        ("cron(0 8 1 JAN ? *)", "Fri 2027-01-01 08:00:00"),
        ("cron(0 0 31 2-4 ? *)", "Wed 2027-03-31 00:00:00"),
        ("cron(0 0 29 2 ? *)", "Tue 2028-02-29 00:00:00"),
        ("cron(0 0 1 1 ? 2030-2040/5)", "Tue 2030-01-01 00:00:00"),
        ("cron(0 0 1 1 ? 2020)", None),
        ("cron(0 0 30 2 ? 2027)", None),
    ],
)
def test_schedule_is_due_next(expression: str, expected: str | None) -> None:
    assert due(expression) == expected


def test_rate_is_read() -> None:
    assert parse_schedule("rate(3 hours)") == Rate(10_800)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("5 minutes", "it is neither rate(...) nor cron(...)"),
        ("rate(0 minutes)", "it is neither rate(...) nor cron(...)"),
        ("rate(1 minutes)", "one minute, two minutes: the unit is singular for 1 and plural else"),
        ("rate(2 minute)", "one minute, two minutes: the unit is singular for 1 and plural else"),
        ("cron(0 12 * * ?)", "cron takes 6 fields, not 5"),
        ("cron(0 12 * * * *)", "one of day-of-month and day-of-week must be '?', and not both"),
        ("cron(0 12 ? * ? *)", "one of day-of-month and day-of-week must be '?', and not both"),
        ("cron(60 12 * * ? *)", "'60' is not within 0 to 59"),
        ("cron(0/0 12 * * ? *)", "'0/0' is not within 0 to 59"),
        ("cron(0 12 * FOO ? *)", "'FOO' is no value of a cron field"),
    ],
)
def test_expression_is_no_schedule(expression: str, reason: str) -> None:
    with pytest.raises(InvalidSchedule) as refused:
        parse_schedule(expression)
    assert str(refused.value) == reason


@pytest.mark.parametrize("field", ["L", "3W", "LW"])
def test_special_days_are_refused_by_name(field: str) -> None:
    with pytest.raises(ScheduleNotEmulated, match=f"'{field}' in cron"):
        parse_schedule(f"cron(0 12 {field} * ? *)")


@pytest.mark.parametrize("field", ["6L", "3#2", "FRIL", "FRI#2"])
def test_special_weekdays_are_refused_by_name(field: str) -> None:
    with pytest.raises(ScheduleNotEmulated, match=f"'{field}' in cron"):
        parse_schedule(f"cron(0 12 ? * {field} *)")


class Diary:
    """A timetable, its clock, and what fell due: (rule, seconds since the beginning)."""

    def __init__(self) -> None:
        self.clock = ManualClock(time=SUNDAY.timestamp())
        self.due: list[tuple[str, float]] = []
        self.timetable = Timetable(self.clock, self._due)

    def _due(self, region: str, rule_arn: str) -> None:
        assert region == "eu-west-1"
        self.due.append((rule_arn, self.clock.time() - SUNDAY.timestamp()))

    def follow(self, **scheduled: str) -> None:
        self.timetable.follow("eu-west-1", scheduled)


def test_schedules_fall_due_on_the_clock_again_and_again() -> None:
    diary = Diary()
    diary.follow(a="rate(1 minute)", b="cron(0/2 * * * ? *)")
    diary.clock.advance(200)

    assert diary.due == [("a", 60.0), ("b", 90.0), ("a", 120.0), ("a", 180.0)]


def test_schedule_that_was_there_already_goes_on_as_it_is() -> None:
    diary = Diary()
    diary.follow(a="rate(1 minute)")
    diary.clock.advance(40)
    diary.follow(a="rate(1 minute)", b="rate(1 minute)")
    diary.clock.advance(60)

    assert diary.due == [("a", 60.0), ("b", 100.0)]


def test_schedule_that_is_gone_or_changed_begins_anew() -> None:
    diary = Diary()
    diary.follow(a="rate(1 minute)", b="rate(1 minute)")
    diary.follow(b="rate(2 minutes)")
    diary.clock.advance(130)

    assert diary.due == [("b", 120.0)]


def test_schedule_without_a_next_time_is_kept_and_never_due() -> None:
    diary = Diary()
    diary.follow(a="cron(0 0 1 1 ? 2020)")
    diary.clock.advance(86_400)
    diary.follow()

    assert diary.due == []


def test_closed_timetable_calls_nobody() -> None:
    diary = Diary()
    diary.follow(a="rate(1 minute)")
    diary.timetable.close()
    diary.clock.advance(120)

    assert diary.due == []
