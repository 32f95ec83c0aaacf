"""Timetable: the schedules that are running, and a call for each that falls due; the rules are `schedules`'."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from harness.clock import Clock, TimerHandle
from harness.emulator.events.schedules import Rate, next_due, parse_schedule


@dataclass(frozen=True, slots=True)
class _Running:
    expression: str
    timer: TimerHandle | None


class Timetable:
    """Calls `due(region, rule ARN)` on the clock, until it is closed."""

    def __init__(self, clock: Clock, due: Callable[[str, str], None]) -> None:
        self._clock, self._due = clock, due
        self._running: dict[str, dict[str, _Running]] = {}

    def follow(self, region: str, scheduled: Mapping[str, str]) -> None:
        """From now on a region has these schedules, by rule ARN; one that was there already goes on as it is."""
        running = self._running.setdefault(region, {})
        for arn, one in list(running.items()):
            if scheduled.get(arn) != one.expression:
                _stop(running.pop(arn))
        for arn, expression in scheduled.items():
            if arn not in running:
                self._plan(region, arn, expression, after=self._clock.time())

    def close(self) -> None:
        """Calls nobody any more."""
        for running in self._running.values():
            for one in running.values():
                _stop(one)
        self._running.clear()

    def _plan(self, region: str, arn: str, expression: str, *, after: float) -> None:
        at = next_due(parse_schedule(expression), after)
        timer = None
        if at is not None:
            call = partial(self._fall_due, region, arn, expression, at)
            timer = self._clock.call_later(at - self._clock.time(), call)
        self._running[region][arn] = _Running(expression, timer)

    def _fall_due(self, region: str, arn: str, expression: str, at: float) -> None:
        # A rate goes on from when it was due, so that it does not drift; a cron from now, when that is later.
        is_rate = isinstance(parse_schedule(expression), Rate)
        self._plan(region, arn, expression, after=at if is_rate else max(at, self._clock.time()))
        self._due(region, arn)


def _stop(running: _Running) -> None:
    if running.timer is not None:
        running.timer.cancel()
