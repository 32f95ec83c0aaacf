"""Did the functions run without errors, and did the harness see the whole run?"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from harness.checks import wording
from harness.checks.findings import finding_of, hidden, most_telling, unseen
from harness.checks.verdict import CheckResult, Finding, Verdict
from harness.record.history import History
from harness.record.observation import (
    FunctionLogged,
    InvocationEnded,
    Observation,
    ObservationsLost,
    PublishFailed,
    Settled,
)
from harness.scenario.model import Scenario

NAME = "health"
LOG_TAIL = 3
"""Log lines of a failed invocation that its finding tells."""

_Alike: TypeAlias = tuple[str, str]
"""A function and the first line of its error: failures that are told as one."""


def check(_: Scenario, history: History) -> CheckResult:
    """FAIL for a function error; UNKNOWN for a failed publish, for what was not seen, a run that never settled."""
    failed = [one for one in history.of(InvocationEnded) if one.error is not None]
    unpublished = history.of(PublishFailed)
    blind = [*_hidden(history), *_lost(history), *_unsettled(history)]
    unsure = bool(unpublished or blind)
    verdict = Verdict.FAIL if failed else Verdict.UNKNOWN if unsure else Verdict.PASS
    findings = most_telling(_errors(failed, history), map(_unpublished, unpublished), blind)
    return CheckResult(
        NAME, verdict, _summary(failed, unpublished, blind), findings, _counts(history, failed)
    )


def _errors(failed: Iterable[InvocationEnded], history: History) -> Iterator[Finding]:
    """One finding for all failures of a function that begin with the same line; the commonest first."""
    alike: dict[_Alike, list[InvocationEnded]] = {}
    for one in failed:
        alike.setdefault((one.function, _first_line(one.error or "")), []).append(one)
    logged = _logged(history, {group[0].request for group in alike.values()})
    for (function, error), group in sorted(alike.items(), key=lambda item: -len(item[1])):
        times = f", {wording.amount(len(group))} times" if len(group) > 1 else ""
        tail = logged.get(group[0].request, [])[-LOG_TAIL:]
        told = f"; its log ends: {' / '.join(one.line.rstrip() for one in tail)}" if tail else ""
        evidence: tuple[Observation, ...] = (*tail, *group[:LOG_TAIL])
        what = f"{function} failed{times}: {error}{told}"
        yield finding_of("function error", what, *evidence)


def _logged(history: History, requests: set[str]) -> Mapping[str, list[FunctionLogged]]:
    lines: dict[str, list[FunctionLogged]] = {}
    for one in history.of(FunctionLogged):
        if one.request in requests and one.line.strip():
            lines.setdefault(one.request, []).append(one)
    return lines


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "an error without a message")


def _unpublished(failed: PublishFailed) -> Finding:
    return finding_of(
        "publish failed", f"SNS did not accept {failed.event}: {_first_line(failed.error)}", failed
    )


def _hidden(history: History) -> Iterator[Finding]:
    if (seen := hidden(history)) is not None:
        yield unseen("whether functions failed", seen)


def _lost(history: History) -> Iterator[Finding]:
    for one in history.of(ObservationsLost):
        what = f"{wording.counted(one.count, 'observation')} of the inside did not fit into the emulator's journal"
        yield finding_of("observations lost", what, one)
    if history.torn:
        yield finding_of("history torn", "the history's last line was never finished: the runner died")


def _unsettled(history: History) -> Iterator[Finding]:
    settled = history.of(Settled)
    for one in settled:
        if not one.complete:
            detail = f": {one.detail}" if one.detail else ""
            yield finding_of("not settled", f"something was still in flight at the {one.phase}{detail}", one)
    if not any(one.phase == "end" for one in settled):
        yield finding_of("not settled", "the history ends before the run had settled")


def _counts(history: History, failed: list[InvocationEnded]) -> dict[str, float]:
    return {
        "invocations": len(history.of(InvocationEnded)),
        "function_errors": len(failed),
        "publishes_failed": len(history.of(PublishFailed)),
        "observations_lost": sum(one.count for one in history.of(ObservationsLost)),
    }


def _summary(
    failed: list[InvocationEnded], unpublished: tuple[PublishFailed, ...], blind: list[Finding]
) -> str:
    parts = [f"{wording.counted(len(failed), 'invocation')} failed"] if failed else []
    parts += [f"{wording.counted(len(unpublished), 'publish', 'publishes')} failed"] if unpublished else []
    parts += [one.what for one in blind]
    return "; ".join(parts) or "no function failed, and the whole run was seen"
