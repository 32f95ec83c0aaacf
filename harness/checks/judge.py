"""Judging: what do all the checks say of one scenario's history?"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from traceback import format_exception_only
from typing import TypeAlias

from harness.checks import health, latency, order, purge, refusals, routing
from harness.checks.findings import evidence_of, finding_of
from harness.checks.logged import errors_logged
from harness.checks.subscribing import timeline_begins_at
from harness.checks.verdict import CheckResult, ScenarioResult, Verdict
from harness.errors import UsageError
from harness.record.history import History
from harness.record.observation import NotPlayed
from harness.scenario.model import Scenario

Check: TypeAlias = Callable[[Scenario, History], CheckResult | None]
"""Judges one history by one rule; pure. None means that the scenario asks nothing of this check."""

CHECKS: Mapping[str, Check] = {
    routing.NAME: routing.check,
    latency.NAME: latency.check,
    order.NAME: order.check,
    purge.NAME: purge.check,
    refusals.NAME: refusals.check,
    health.NAME: health.check,
}
"""Every check by its name, in the order of reports."""

PLAYED = "played"
"""Takes the place of all the checks where there was nothing to judge."""


def judge(
    scenario: Scenario, history: History, *, name: str = "", checks: Mapping[str, Check] = CHECKS
) -> ScenarioResult:
    """Every check's answer on one scenario's history; a check that crashes is UNKNOWN and hides no other.

    `name` is what reports call the scenario, its claim when empty. Never raises for what a history holds. Of a
    scenario that was not played nothing but that is said, in the name of PLAYED.
    """
    answers: Iterable[CheckResult | None] = [_unplayed(one) for one in history.of(NotPlayed)] or (
        _answered(check_name, check, scenario, history) for check_name, check in checks.items()
    )
    result = ScenarioResult(
        scenario=name or scenario.scenario,
        title=scenario.scenario,
        results=tuple(answer for answer in answers if answer is not None),
        seconds=history.ends_at - history.begins_at,
        timeline_at=timeline_begins_at(history),
    )
    if result.verdict is Verdict.PASS:
        return result
    return replace(result, logged=tuple(map(evidence_of, errors_logged(history))))


def accepted_checks(given: Iterable[str]) -> frozenset[str]:
    """The checks whose UNKNOWN may pass, as options name them: `health,purge`; UsageError for one that is none."""
    names = frozenset(name.strip() for one in given for name in one.split(",") if name.strip())
    if strangers := sorted(names - CHECKS.keys() - {PLAYED}):
        known = ", ".join((*CHECKS, PLAYED))
        raise UsageError(
            f"there is no check {strangers[0]!r} whose UNKNOWN could be accepted; there are {known}"
        )
    return names


def _unplayed(seen: NotPlayed) -> CheckResult:
    finding = finding_of("not played", f"the scenario was not played: {seen.reason}", seen)
    return CheckResult(PLAYED, Verdict.UNKNOWN, f"not played: {seen.reason}", (finding,))


def _answered(name: str, check: Check, scenario: Scenario, history: History) -> CheckResult | None:
    try:
        return check(scenario, history)
    except Exception as error:
        last_line = " ".join("".join(format_exception_only(error)).split())
        crashed = finding_of("crashed", f"the check itself crashed: {last_line}{_place(error)}")
        return CheckResult(name, Verdict.UNKNOWN, "the check crashed, so nothing is known", (crashed,))


def _place(error: Exception) -> str:
    """The line of code that raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f" ({trace.tb_frame.f_code.co_filename}:{trace.tb_lineno})"
