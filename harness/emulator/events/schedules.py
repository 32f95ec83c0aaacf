"""Schedules of rules: when one falls due. `rate(5 minutes)` and `cron(0 12 * * ? *)`, in values.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html: in UTC, on whole minutes.
The wildcards L, W and # of cron are not emulated.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

_RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\((.+)\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_LAST_YEAR = 2199


class InvalidSchedule(ValueError):
    """The expression is no schedule; the message says what is wrong with it."""


class ScheduleNotEmulated(Exception):
    """AWS has this wildcard and the emulator does not."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so many seconds, counted from when the rule was made."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Cron:
    """At the minutes that all fields allow; weekdays count from 1, which is Sunday. None: any day."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None
    years: frozenset[int]


Schedule: TypeAlias = Rate | Cron


def parse_schedule(expression: str) -> Schedule:
    """The schedule that an expression means; InvalidSchedule or ScheduleNotEmulated for any other text."""
    if (rate := _RATE.fullmatch(expression)) is not None:
        if (rate[1] == "1") == bool(rate[3]):
            raise InvalidSchedule("one minute, two minutes: the unit is singular for 1 and plural else")
        return Rate(int(rate[1]) * _SECONDS[rate[2]])
    if (cron := _CRON.fullmatch(expression)) is not None:
        return _cron(cron[1].split())
    raise InvalidSchedule("it is neither rate(...) nor cron(...)")


def next_due(schedule: Schedule, after: float) -> float | None:
    """The next time after that one, in seconds since the epoch; None when there is none.

    The next of a rate is counted from `after`.
    """
    match schedule:
        case Rate(seconds):
            return after + seconds
        case Cron():
            due = _next_minute(schedule, datetime.fromtimestamp(after, UTC))
            return None if due is None else due.timestamp()


# --- cron -------------------------------------------------------------------------------------------------


def _cron(fields: list[str]) -> Cron:
    if len(fields) != 6:
        raise InvalidSchedule(f"cron takes 6 fields, not {len(fields)}")
    minutes, hours, days, months, weekdays, years = fields
    if (days == "?") == (weekdays == "?"):
        raise InvalidSchedule("one of day-of-month and day-of-week must be '?', and not both")
    return Cron(
        minutes=_values(minutes, 0, 59),
        hours=_values(hours, 0, 23),
        days=None if days == "?" else _values(days, 1, 31),
        months=_values(months, 1, 12, names=_MONTHS),
        weekdays=None if weekdays == "?" else _values(weekdays, 1, 7, names=_DAYS),
        years=_values(years, 1970, _LAST_YEAR),
    )


def _values(field: str, least: int, most: int, names: tuple[str, ...] = ()) -> frozenset[int]:
    allowed: set[int] = set()
    for part in field.upper().split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        start = least if first == "*" else _number(first, names)
        end = _number(last, names) if dash else most if step or first == "*" else start
        if not least <= start <= end <= most or (step and not step.isdecimal()) or step == "0":
            raise InvalidSchedule(f"'{part}' is not within {least} to {most}")
        allowed.update(range(start, end + 1, int(step or 1)))
    return frozenset(allowed)


def _number(text: str, names: tuple[str, ...]) -> int:
    if text in names:
        return names.index(text) + 1
    if text.isdecimal():
        return int(text)
    if re.fullmatch(r"\d*[LW]+|\d+[#]\d+|[A-Z]{3}(L|#\d+)", text):
        raise ScheduleNotEmulated(f"'{text}' in cron")
    raise InvalidSchedule(f"'{text}' is no value of a cron field")


def _next_minute(cron: Cron, after: datetime) -> datetime | None:
    """Skips months, days and hours as a whole where nothing in them is allowed."""
    at = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while at.year <= max(cron.years):
        if at.year not in cron.years or at.month not in cron.months:
            days = monthrange(at.year, at.month)[1]
            at = at.replace(day=1, hour=0, minute=0) + timedelta(days=days)
        elif not _is_day(cron, at):
            at = at.replace(hour=0, minute=0) + timedelta(days=1)
        elif at.hour not in cron.hours:
            at = at.replace(minute=0) + timedelta(hours=1)
        elif at.minute not in cron.minutes:
            at += timedelta(minutes=1)
        else:
            return at
    return None


def _is_day(cron: Cron, at: datetime) -> bool:
    weekday = at.isoweekday() % 7 + 1
    return (cron.days is None or at.day in cron.days) and (cron.weekdays is None or weekday in cron.weekdays)
