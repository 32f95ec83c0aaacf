"""Judging: what do all the checks say of one scenario's history?"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b
from traceback import format_exception_only
from typing import TypeAlias

from harness.checks import health, latency, order, purge, refusals, routing
from harness.checks.completeness import Completeness, completeness_of
from harness.checks.findings import evidence_of, finding_of, most_telling
from harness.checks.logged import errors_logged
from harness.checks.subscribing import timeline_begins_at
from harness.checks.verdict import (
    Cause,
    CheckResult,
    Finding,
    ScenarioResult,
    Severity,
    Verdict,
    answer,
    verdict_of,
)
from harness.errors import UsageError
from harness.record.history import History
from harness.record.observation import NotPlayed
from harness.scenario.model import Scenario

Check: TypeAlias = Callable[[Scenario, History], CheckResult | None]
"""Judges one history by one rule; pure. None means that the scenario asks nothing of this check.

It says what its findings need and never whether the history meets that: the judge does.
"""

CHECKS: Mapping[str, Check] = {
    routing.NAME: routing.check,
    latency.NAME: latency.check,
    order.NAME: order.check,
    purge.NAME: purge.check,
    refusals.NAME: refusals.check,
    health.NAME: health.check,
}
"""Every check by its name, in the order of reports."""

_ID_BYTES = 4

PLAYED = "played"
"""Takes the place of all the checks where there was nothing to judge."""


def judge(
    scenario: Scenario, history: History, *, name: str = "", checks: Mapping[str, Check] = CHECKS
) -> ScenarioResult:
    """Every check's answer on one scenario's history; a check that crashes is UNKNOWN and hides no other.

    `name` is what reports call the scenario, its claim when empty. Never raises for what a history holds. Of a
    scenario that was not played nothing but that is said, in the name of PLAYED.

    This is the one place where findings that need what the history lacks become UNKNOWN, where ids are made, and
    where of many findings some are kept.
    """
    completeness = completeness_of(history)
    answers: Iterable[CheckResult | None] = [_unplayed(one) for one in history.of(NotPlayed)] or (
        _answered(check_name, check, scenario, history) for check_name, check in checks.items()
    )
    result = ScenarioResult(
        scenario=name or scenario.scenario,
        title=scenario.scenario,
        results=tuple(weighed(one, completeness) for one in answers if one is not None),
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


def weighed(given: CheckResult, completeness: Completeness) -> CheckResult:
    """A check's answer as far as the history can prove it: causes first, each finding with its id, at most some kept.

    A finding whose needs are not met is UNKNOWN, and so is a PASS: the reason is told with it.
    """
    findings = sorted(_stands(given.findings, completeness), key=lambda one: one.rank)
    lacking = {one.lacking for one in findings if one.lacking}
    verdict = verdict_of(findings, judged=given.judged) if lacking else given.verdict
    if verdict is Verdict.PASS and (reason := completeness.lacks_any(given.needs)):
        verdict, lacking = Verdict.UNKNOWN, {reason}
    return replace(
        given,
        verdict=verdict,
        summary="; ".join((given.summary, *sorted(lacking))),
        findings=most_telling(*_by_kind(_identified(given.check, findings))),
        found=Counter(one.kind for one in findings),
    )


def _stands(findings: Iterable[Finding], completeness: Completeness) -> Iterator[Finding]:
    """As they stand; a warning that the history cannot prove is none."""
    for one in findings:
        reason = completeness.lacks_any(one.needs)
        if reason and one.severity is not Severity.WARNING:
            unsure = f"{one.what}; {reason}"
            yield replace(one, what=unsure, severity=Severity.UNKNOWN, lacking=reason)
        elif not reason:
            yield one


def _identified(check: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """With the check's name and an id, which holds nothing that differs between two runs of one bug."""
    earlier: Counter[tuple[str, ...]] = Counter()
    for one in findings:
        named = (check, one.kind, *(one.subject or (one.what,)))
        told = "\0".join((*named, str(earlier[named])))
        earlier[named] += 1
        digest = blake2b(told.encode(errors="surrogatepass"), digest_size=_ID_BYTES).hexdigest()
        yield replace(one, check=check, id=digest)


def _by_kind(findings: Iterable[Finding]) -> Iterable[list[Finding]]:
    kinds: dict[str, list[Finding]] = {}
    for one in findings:
        kinds.setdefault(one.kind, []).append(one)
    return kinds.values()


def _unplayed(seen: NotPlayed) -> CheckResult:
    what = f"the scenario was not played: {seen.reason}"
    finding = finding_of("not played", what, seen, cause=Cause.DID_NOT_START, severity=Severity.UNKNOWN)
    return answer(PLAYED, f"not played: {seen.reason}", (finding,), judged=False)


def _answered(name: str, check: Check, scenario: Scenario, history: History) -> CheckResult | None:
    try:
        return check(scenario, history)
    except Exception as error:
        last_line = " ".join("".join(format_exception_only(error)).split())
        what = f"the check itself crashed: {last_line}{_place(error)}"
        crashed = finding_of("crashed", what, severity=Severity.UNKNOWN, subject=(type(error).__name__,))
        return answer(name, "the check crashed, so nothing is known", (crashed,), judged=False)


def _place(error: Exception) -> str:
    """The line of code that raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f" ({trace.tb_frame.f_code.co_filename}:{trace.tb_lineno})"
