"""Terminal report: the results as Rich renderables, one block per scenario, a total at the end.

All text that came from outside is put into `Text` objects, so that none of it is taken for Rich's markup, and is
freed from control characters.
"""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.checks.verdict import CheckResult, Finding, LatencyFigures, ScenarioResult, Verdict
from harness.percentiles import PERCENT
from harness.reports.plain import plain, told

FINDINGS = 3
"""Findings shown of each check that did not pass."""
EVIDENCE = 5
"""Observations shown of each finding."""
ROWS = 8
"""Rows shown of a latency table."""

_BADGES = {
    Verdict.PASS: "bold white on green",
    Verdict.FAIL: "bold white on red",
    Verdict.UNKNOWN: "bold black on yellow",
}
_MARKS = {Verdict.PASS: ("✔", "green"), Verdict.FAIL: ("✘", "red"), Verdict.UNKNOWN: ("?", "yellow")}
_NAME_WIDTH = 9


def scenario_block(result: ScenarioResult) -> RenderableType:
    """The verdict and the claim, a line per check, the latencies, and what is wrong with its evidence."""
    checks = (line for check in result.results for line in _check(check, result.timeline_at))
    return Group(_heading(result), *checks, *_logged(result))


def total_line(results: Sequence[ScenarioResult], *, seconds: float) -> Text:
    """`12 passed, 1 failed, 0 unknown in 93.2 s`; `seconds` is how long the whole run took.

    `(3 accepted)` tells of how many that did not pass every UNKNOWN was accepted.
    """
    verdicts = [result.verdict for result in results]
    told_ = ", ".join(
        f"{verdicts.count(verdict)} {word}"
        for verdict, word in (
            (Verdict.PASS, "passed"),
            (Verdict.FAIL, "failed"),
            (Verdict.UNKNOWN, "unknown"),
        )
    )
    accepted = sum(result.gate is Verdict.PASS is not result.verdict for result in results)
    told_ += f" ({accepted} accepted)" if accepted else ""
    style = _MARKS[Verdict.worst(result.gate for result in results)][1]
    return Text(f"{told_} in {seconds:.1f} s", style=f"bold {style}")


def log_hints(results: Sequence[ScenarioResult], *, run: str) -> Iterator[str]:
    """How to read what the functions wrote in each scenario that did not pass; `run` is the run's folder."""
    for result in results:
        if result.verdict is not Verdict.PASS:
            yield f"its functions' logs: harness logs {run} --scenario {result.scenario}"


def _heading(result: ScenarioResult) -> RenderableType:
    badge = Text(f" {result.verdict.value} ", style=_BADGES[result.verdict])
    claim = Text.assemble((plain(result.title), "bold"), (f"  {result.seconds:.1f} s", "dim"))
    return _columns(badge, claim)


def _check(check: CheckResult, timeline_at: float) -> Iterator[RenderableType]:
    mark, style = _MARKS[check.verdict]
    name = Text(f"{mark} {check.check:<{_NAME_WIDTH}}", style=style)
    summary = f"accepted: {check.summary}" if check.accepted else check.summary
    yield Padding(_columns(name, Text(plain(summary))), (0, 0, 0, 2))
    if check.latencies:
        yield Padding(_latencies(check.latencies), (0, 0, 0, 4))
        yield from (Padding(Text(line, style="dim"), (0, 0, 0, 4)) for line in _shares(check.counts))
    if check.verdict is not Verdict.PASS and not check.accepted:
        for finding in check.findings[:FINDINGS]:
            yield Padding(_finding(finding, timeline_at), (0, 0, 0, 4))
        if (more := len(check.findings) - FINDINGS) > 0:
            yield Padding(Text(f"… {more} more finding{'s' if more > 1 else ''}", style="dim"), (0, 0, 0, 4))


def _finding(finding: Finding, timeline_at: float) -> RenderableType:
    lines: list[RenderableType] = [_columns(Text("-"), Text(plain(finding.what)))]
    shown = finding.evidence[:EVIDENCE]
    lines += [Padding(Text(told(one, timeline_at=timeline_at), style="dim"), (0, 0, 0, 2)) for one in shown]
    if len(finding.evidence) > EVIDENCE:
        lines.append(Padding(Text(f"… {len(finding.evidence) - EVIDENCE} more", style="dim"), (0, 0, 0, 2)))
    return Group(*lines)


def _logged(result: ScenarioResult) -> Iterator[RenderableType]:
    """Errors that functions caught and logged: often why a message is missing or late."""
    if result.logged:
        yield Padding(Text("functions logged errors:", style="dim"), (0, 0, 0, 2))
    for line in result.logged:
        yield Padding(_columns(Text("-"), Text(told(line, timeline_at=result.timeline_at))), (0, 0, 0, 4))


def _latencies(latencies: Sequence[LatencyFigures]) -> RenderableType:
    """The table of percentiles in milliseconds: everything together, then the slowest types and channels."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("ms", overflow="ellipsis", no_wrap=True, max_width=36)
    table.add_column("expected", justify="right", no_wrap=True)
    for name in PERCENT:
        table.add_column(name, justify="right", no_wrap=True)
    overall, *rows = latencies
    slowest = sorted(rows, key=lambda row: (-row.seconds["p99"], -row.seconds["max"], row.type, row.channel))[
        :ROWS
    ]
    for row in slowest if len(rows) == 1 else (overall, *slowest):
        table.add_row(*_row(row))
    if len(rows) > ROWS:
        table.add_row(Text(f"… {len(rows) - ROWS} faster", style="dim"))
    return table


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


def _row(row: LatencyFigures) -> Iterator[RenderableType]:
    yield Text(plain("all" if row.type == row.channel == "all" else f"{row.type} on {row.channel}"))
    yield Text(str(row.expected) if not row.missing else f"{row.expected} ({row.missing} missing)")
    for seconds in row.seconds.values():
        yield Text("∞" if seconds == float("inf") else f"{seconds * 1000:.1f}")


def _columns(first: Text, second: Text) -> Table:
    """Two columns: the first as wide as it is, the second folded into the rest of the line."""
    columns = Table.grid(padding=(0, 1, 0, 0))
    columns.add_column(no_wrap=True)
    columns.add_column(overflow="fold")
    columns.add_row(first, second)
    return columns
