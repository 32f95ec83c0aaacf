"""Terminal report: the results as Rich renderables, one block per scenario, a total at the end.

A scenario that passed is one line. All text that came from outside is put into `Text` objects, so that none of it is
taken for Rich's markup, and is freed from control characters.
"""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from harness.checks.verdict import (
    CheckResult,
    Evidence,
    Finding,
    LatencyFigures,
    ScenarioResult,
    Severity,
    Verdict,
)
from harness.percentiles import PERCENT
from harness.reports.layout import Figures, Hanging
from harness.reports.plain import brief, plain, told
from harness.reports.stopped import Stopped

FINDINGS = 3
"""Findings shown of each check that did not pass."""
EVIDENCE = 5
"""Observations shown of each finding."""
ROWS = 8
"""Rows shown of a latency table."""
REPEATED = 24
"""Characters from which a payload that was shown before is not shown again."""

_BADGES = {
    Verdict.PASS: "bold white on green",
    Verdict.FAIL: "bold white on red",
    Verdict.UNKNOWN: "bold black on yellow",
}
_MARKS = {Verdict.PASS: ("✔", "green"), Verdict.FAIL: ("✘", "red"), Verdict.UNKNOWN: ("?", "yellow")}
_NOT_JUDGED = ("-", "yellow")
"""In place of a tick, where nothing was asked of what was measured, or what never came is infinitely late."""
_NAME_WIDTH = 9


def scenario_block(result: ScenarioResult, *, run: str = "", verbose: bool = False) -> RenderableType:
    """The verdict and the claim; unless it passed, a line per check with what is wrong, causes before effects.

    `verbose` tells of a scenario that passed as much as of any other. `run` is the run's folder, for the commands
    that show more; the last run's when empty.
    """
    if result.verdict is Verdict.PASS and not verbose:
        return Group(_heading(result), *_warnings(result))
    shown: set[str] = set()
    checks = (line for check in causes_first(result) for line in _check(check, result, run, shown))
    return Group(_heading(result), *checks, *_logged(result))


def total_line(
    results: Sequence[ScenarioResult], *, seconds: float, asked: int = 0, stopped: Stopped | None = None
) -> Text:
    """`12 passed, 1 failed, 0 unknown in 93.2 s`; `seconds` is how long the whole run took.

    `(3 accepted)` tells of how many that did not pass every UNKNOWN was accepted. Of a run that was `stopped`, or did
    not play all that was `asked` for, it says so.
    """
    verdicts = [result.verdict for result in results]
    words = {Verdict.PASS: "passed", Verdict.FAIL: "failed", Verdict.UNKNOWN: "unknown"}
    line = ", ".join(f"{verdicts.count(verdict)} {word}" for verdict, word in words.items())
    accepted = sum(result.gate is Verdict.PASS is not result.verdict for result in results)
    line += f" ({accepted} accepted)" if accepted else ""
    line += f" in {seconds:.1f} s"
    worst = Verdict.worst(result.gate for result in results)
    if stopped is not None or len(results) < asked:
        outcome = stopped.outcome.value if stopped else "cut short"
        line += f"; {outcome}, with {len(results)} of {asked} scenarios judged"
        worst = Verdict.worst((worst, Verdict.UNKNOWN))
    return Text(line, style=f"bold {_MARKS[worst][1]}")


def log_hints(results: Sequence[ScenarioResult], *, run: str) -> Iterator[str]:
    """How to read what the functions wrote in each scenario that did not pass; `run` is the run's folder."""
    for result in results:
        if result.verdict is not Verdict.PASS:
            yield f"its functions' logs: harness logs {run} --scenario {result.scenario}"


def _heading(result: ScenarioResult) -> RenderableType:
    badge = Text(f" {result.verdict.value} ", style=_BADGES[result.verdict])
    claim = Text.assemble((plain(result.title), "bold"), (f"  {result.seconds:.1f} s", "dim"))
    return Hanging(badge, claim)


def _warnings(result: ScenarioResult) -> Iterator[RenderableType]:
    for check in result.results:
        for finding in check.findings:
            if finding.severity is Severity.WARNING:
                yield Hanging(Text("!", style="yellow"), Text(f"{check.check}: ") + _what(finding), indent=2)


def _check(check: CheckResult, result: ScenarioResult, run: str, shown: set[str]) -> Iterator[RenderableType]:
    mark, style = _mark(check)
    name = Text(f"{mark} {check.check:<{_NAME_WIDTH}}", style=style)
    summary = f"accepted: {check.summary}" if check.accepted else check.summary
    yield Hanging(name, Text(brief(summary)), indent=2)
    if check.latencies:
        yield _latencies(check.latencies)
        yield from (Hanging(Text(), Text(line, style="dim"), indent=4) for line in _shares(check.counts))
    if not check.accepted:
        for finding in check.findings[:FINDINGS]:
            yield from _finding(finding, result.timeline_at, run, shown)
        yield from (Text(f"    … {line}", style="dim") for line in _left_out(check))


def causes_first(result: ScenarioResult) -> tuple[CheckResult, ...]:
    """The checks by the first cause that each tells; then those that tell of none, and those that passed last."""
    first: dict[str, int] = {}
    for place, finding in enumerate(result.causes):
        first.setdefault(finding.check, place)

    def order(check: CheckResult) -> tuple[bool, int]:
        return check.verdict is Verdict.PASS, first.get(check.check, len(result.causes))

    return tuple(sorted(result.results, key=order))


def _left_out(check: CheckResult) -> Iterator[str]:
    """How many findings are not shown, and how many of them no report has: what a report keeps is capped."""
    kept, found = len(check.findings), max(len(check.findings), sum(check.found.values()))
    if (more := found - FINDINGS) > 0:
        only = f"; summary.json has {kept} of all {found}" if kept < found else ""
        yield f"{more} more finding{'s' if more > 1 else ''}{only}"


def _mark(check: CheckResult) -> tuple[str, str]:
    """No tick where nothing was judged, and none at an infinity."""
    unproven = not check.judged or any(one.missing for one in check.latencies)
    return _NOT_JUDGED if check.verdict is Verdict.PASS and unproven else _MARKS[check.verdict]


def _finding(finding: Finding, timeline_at: float, run: str, shown: set[str]) -> Iterator[RenderableType]:
    warning = finding.severity is Severity.WARNING
    mark = Text("!" if warning else "-", style="yellow" if warning else "")
    yield Hanging(mark, _what(finding), indent=4)
    for one in finding.evidence[:EVIDENCE]:
        when, seen = _told_once(one, timeline_at, shown)
        yield Hanging(Text(when, style="dim"), Text(seen, style="dim"), indent=6)
    if (more := len(finding.evidence) - EVIDENCE) > 0:
        yield Text(f"      … {more} more", style="dim")
    if finding.request is not None:
        yield Hanging(Text(), Text(f"its log: {logs_command(run, finding.request)}", style="dim"), indent=6)


def _what(finding: Finding) -> Text:
    """What is wrong; its first line ends with the id by which every report knows it."""
    style = "yellow" if finding.severity is Severity.WARNING else ""
    first, newline, rest = brief(finding.what).partition("\n")
    named = (f" [{finding.id}]", "dim") if finding.id else ("", "")
    return Text.assemble((first, style), named, (newline + rest, style))


def logs_command(run: str, request: str) -> str:
    """The command that shows what one invocation wrote."""
    return f"harness logs{f' {run}' if run else ''} --request {request}"


def _told_once(evidence: Evidence, timeline_at: float, shown: set[str]) -> tuple[str, str]:
    """When, and what was seen; a payload that was `shown` before is not repeated."""
    when, _, line = told(evidence, timeline_at=timeline_at).partition(" s  ")
    seen, colon, payload = line.partition(": ")
    if len(payload) >= REPEATED and payload in shown:
        return f"{when} s ", f"{seen}{colon}the same"
    shown.add(payload)
    return f"{when} s ", line


def _logged(result: ScenarioResult) -> Iterator[RenderableType]:
    """Errors that functions caught and logged: often why a message is missing or late."""
    if result.logged:
        yield Text("  functions logged errors:", style="dim")
    for line in result.logged:
        yield Hanging(Text("-"), Text(told(line, timeline_at=result.timeline_at)), indent=4)


def _latencies(latencies: Sequence[LatencyFigures]) -> RenderableType:
    """The table of percentiles in milliseconds: everything together, then the slowest types and channels."""
    overall, *rows = latencies
    slowest = sorted(rows, key=lambda row: (-row.seconds["p99"], -row.seconds["max"], row.type, row.channel))[
        :ROWS
    ]
    table = Figures(
        ("ms", "expected", *PERCENT),
        [_row(row) for row in (slowest if len(rows) == 1 else (overall, *slowest))],
        indent=4,
    )
    if len(rows) <= ROWS:
        return table
    return Group(table, Text(f"    … {len(rows) - ROWS} faster", style="dim"))


def _shares(counts: Mapping[str, float]) -> Iterator[str]:
    """Where the time went, as medians, and how much of it can be the harness's own."""
    parts = [
        f"{name} {counts[key] * 1000:.1f} ms"
        for name, key in (
            ("SNS to function", "publish_to_invocation_s"),
            ("function", "invocation_s"),
            ("gateway to client", "harness_floor_s"),
        )
        if key in counts
    ]
    lag = f"our event loop was late by {counts.get('max_loop_lag_s', 0.0) * 1000:.0f} ms at most"
    if parts:
        yield f"medians: {', '.join(parts)}; {lag}"


def _row(row: LatencyFigures) -> tuple[str, ...]:
    name = plain("all" if row.type == row.channel == "all" else f"{row.type} on {row.channel}")
    expected = str(row.expected) if not row.missing else f"{row.expected} ({row.missing} missing)"
    figures = ("∞" if one == float("inf") else f"{one * 1000:.1f}" for one in row.seconds.values())
    return (name, expected, *figures)
