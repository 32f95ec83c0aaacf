"""Did the functions run without errors and answer as they must, and did the harness see the whole run?"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias, TypeVar

from harness.checks import wording
from harness.checks.completeness import completeness_of
from harness.checks.findings import finding_of, hidden, unseen
from harness.checks.inside import connections, functions_of
from harness.checks.logged import without_ids
from harness.checks.needs import INVOCATIONS
from harness.checks.raised import raised_at
from harness.checks.saturation import saturation
from harness.checks.verdict import Cause, CheckResult, Finding, Severity, answer
from harness.record.history import History
from harness.record.observation import (
    FunctionLogged,
    InvocationEnded,
    ObservationsLost,
    PostRefused,
    PublishFailed,
    RouteAnswered,
    RowWritten,
)
from harness.scenario.model import Churn, Publish, PublishGenerated, Scenario, times_of

NAME = "health"

_Key: TypeAlias = tuple[str, ...]
_One = TypeVar("_One")


def check(scenario: Scenario, history: History) -> CheckResult:
    """FAIL for a function error, an answer that is no success, a post that found no API; what else may be wrong, too.

    UNKNOWN for a failed publish, for what was not seen, a run that never settled. A WARNING for what a scenario or a
    stack says that may not be what was meant.
    """
    invocations, failed = _ended(history)
    told = [
        *saturation(history),
        *completeness_of(history).findings(),
        *_bad_answers(history.of(RouteAnswered)),
        *_errors(failed, history),
        *_misdirected(history),
        *_unpublished(history.of(PublishFailed)),
        *_hidden(history),
    ]
    warnings = (*_repetitions_of_one(scenario), *_rows_unnamed(scenario, history))
    return answer(
        NAME,
        _summary(told, failed),
        (*told, *warnings),
        _counts(history, invocations, failed),
        needs=(INVOCATIONS.where_shown(),),
    )


def _ended(history: History) -> tuple[int, list[InvocationEnded]]:
    """How many invocations have ended, and those that failed."""
    number, failed = 0, list[InvocationEnded]()
    for one in history.each(InvocationEnded):
        number += 1
        if one.error is not None:
            failed.append(one)
    return number, failed


def _alike(observations: Iterable[tuple[_Key, _One]]) -> list[tuple[_Key, list[_One]]]:
    """Those of one key together; the commonest first."""
    groups: dict[_Key, list[_One]] = {}
    for key, one in observations:
        groups.setdefault(key, []).append(one)
    return sorted(groups.items(), key=lambda group: -len(group[1]))


def _times(number: int) -> str:
    return f", {wording.amount(number)} times" if number > 1 else ""


# --- what functions answered --------------------------------------------------------------------------------


def _bad_answers(answered: Iterable[RouteAnswered]) -> Iterator[Finding]:
    """Responses that API Gateway cannot read, and statuses that say that a function itself took for failed."""
    keyed = (((one.function, one.route, one.problem or str(one.status)), one) for one in answered)
    for (function, route, problem), group in _alike(keyed):
        first = group[0]
        refusing = not first.problem and first.status < 500
        yield finding_of(
            "bad answer",
            f"{function} {_answer(first, len(group))}",
            first,
            cause=Cause.BAD_ANSWER,
            subject=(function, route, problem),
            severity=Severity.WARNING if refusing else Severity.FAIL,
            count=len(group),
            request=first.request,
        )


def _answer(bad: RouteAnswered, number: int) -> str:
    if bad.problem:
        return f"returned {bad.problem}{_times(number)} (route {bad.route})"
    return f"answered {bad.route} with {bad.status}{_times(number)}"


# --- errors of functions ------------------------------------------------------------------------------------


def _errors(failed: Iterable[InvocationEnded], history: History) -> Iterator[Finding]:
    """One finding for all failures of a function that begin with the same line but for ids."""
    keyed = (((one.function, without_ids(_first_line(one.error or ""))), one) for one in failed)
    alike = _alike(keyed)
    places = _places(history, {group[0].request for _, group in alike})
    for key, group in alike:
        first = group[0]
        place = places.get(first.request)
        where = "" if place is None else f" ({place})"
        yield finding_of(
            "function error",
            f"{first.function} failed{_times(len(group))}: {_first_line(first.error or '')}{where}",
            first,
            cause=Cause.FUNCTION_ERROR,
            subject=key,
            count=len(group),
            request=first.request,
        )


def _places(history: History, requests: set[str]) -> Mapping[str, str]:
    """Where the error of each of these invocations was raised, as the last trace in its log tells."""
    places: dict[str, str] = {}
    for one in history.each(FunctionLogged) if requests else ():
        if one.request in requests and (place := raised_at(one.line)) is not None:
            places[one.request or ""] = place
    return places


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "an error without a message")


# --- posts to nowhere ---------------------------------------------------------------------------------------


def _misdirected(history: History) -> Iterator[Finding]:
    """Posts that found no API, stage or route, by the address that they were sent to."""
    refused = history.of(PostRefused)
    functions = functions_of({one.request for one in refused}, history)
    keyed = (
        ((functions.get(one.request, "something"), _address(one.url), str(one.status), one.reason), one)
        for one in refused
    )
    for (function, address, status, reason), group in _alike(keyed):
        first = group[0]
        yield finding_of(
            "misdirected post",
            f"{function} posted to {address}: {status}, {reason}{_times(len(group))}",
            first,
            cause=Cause.MISDIRECTED_POST,
            subject=(function, status, reason),
            count=len(group),
            request=first.request,
        )


def _address(url: str) -> str:
    """The URL with dots for the connection's id."""
    before, posts, _ = url.partition("/@connections/")
    return f"{before}{posts}..." if posts else url


# --- what was not seen --------------------------------------------------------------------------------------


def _unpublished(failed: Iterable[PublishFailed]) -> Iterator[Finding]:
    keyed = (((without_ids(_first_line(one.error)),), one) for one in failed)
    for key, group in _alike(keyed):
        first, others = group[0], len(group) - 1
        more = f" and {wording.counted(others, 'other')}" if others else ""
        yield finding_of(
            "publish failed",
            f"SNS did not accept {first.event}{more}: {_first_line(first.error)}",
            first,
            cause=Cause.HISTORY,
            subject=key,
            severity=Severity.UNKNOWN,
            count=len(group),
        )


def _hidden(history: History) -> Iterator[Finding]:
    if (seen := hidden(history)) is not None:
        yield unseen("whether functions failed", seen)


# --- what may not be meant ----------------------------------------------------------------------------------


def _repetitions_of_one(scenario: Scenario) -> Iterator[Finding]:
    """Steps that say `every` and `for`, and happen once."""
    for number, step in enumerate(scenario.timeline, 1):
        if not isinstance(step, Publish | PublishGenerated | Churn) or step.every is None:
            continue
        if len(times_of(step)) == 1:
            every, lasts = wording.duration(step.every), wording.duration(step.for_ or 0.0)
            what = f"item {number} of the timeline happens once: every {every} for {lasts} is no repetition"
            yield finding_of("happens once", what, subject=(str(number),), severity=Severity.WARNING)


def _rows_unnamed(scenario: Scenario, history: History) -> Iterator[Finding]:
    """That rows of connections are written, and nobody said which they are, so that no check looks at them."""
    if scenario.rows is not None:
        return
    ids = connections(history).clients
    lengths = {len(connection) for connection in ids}
    for one in history.each(RowWritten) if ids else ():
        if any(one.key[-length:] in ids for length in lengths):
            what = (
                f"purge and rows are not judged: rows of {one.table} stand for connections, and the stack does "
                "not say so; name them in its 'connections'"
            )
            yield finding_of("rows not judged", what, one, subject=(one.table,), severity=Severity.WARNING)
            return


def _counts(history: History, invocations: int, failed: list[InvocationEnded]) -> dict[str, float]:
    return {
        "invocations": invocations,
        "function_errors": len(failed),
        "bad_answers": len(history.of(RouteAnswered)),
        "misdirected_posts": len(history.of(PostRefused)),
        "publishes_failed": len(history.of(PublishFailed)),
        "observations_lost": sum(one.count for one in history.of(ObservationsLost)),
    }


def _summary(told: list[Finding], failed: list[InvocationEnded]) -> str:
    """What was not seen, and how much of what is wrong."""
    number = Counter[str]()
    for one in told:
        number[one.kind] += one.count if one.severity is Severity.FAIL else 0
    parts = [one.what for one in told if one.severity is Severity.UNKNOWN and one.kind != "publish failed"]
    parts += (
        [f"{wording.counted(n, 'answer')} of functions not accepted"] if (n := number["bad answer"]) else []
    )
    parts += [f"{wording.counted(len(failed), 'invocation')} failed"] if failed else []
    parts += [f"{wording.counted(n, 'post')} found no API"] if (n := number["misdirected post"]) else []
    unpublished = sum(one.count for one in told if one.kind == "publish failed")
    parts += [f"{wording.counted(unpublished, 'publish', 'publishes')} failed"] if unpublished else []
    return "; ".join(dict.fromkeys(parts)) or "no function failed, and the whole run was seen"
