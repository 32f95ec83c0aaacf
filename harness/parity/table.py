"""Table of a comparison, as people read it: Rich renderables, differences first, a line per backend last.

Pure. All that came from outside is put into `Text`, freed from control characters.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.backends.parts import told_parts
from harness.parity.claim import Claim, ClaimResult, Mark
from harness.parity.comparison import Column, Comparison
from harness.reports.plain import plain

_STYLES = {
    Mark.AS_AWS: ("✔", "green"),
    Mark.DIFFERS: ("✘", "red"),
    Mark.NOT_CARRIED: ("-", "yellow"),
}


def comparison_table(comparison: Comparison) -> RenderableType:
    """The table claim by backend, where each part of AWS was, and a summary line for each backend."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_lines=False)
    table.add_column("claim", ratio=2, overflow="fold")
    for column in comparison.columns:
        table.add_column(plain(column.name), ratio=2, overflow="fold")
    for claim, results in comparison.rows():
        table.add_row(_claim(claim), *map(_cell, results))
    whole = Group(*_whole_lines(comparison))
    summaries = (line for column in comparison.columns for line in _summary(column))
    return Group(_Laid(table, whole), Text(""), *summaries)


@dataclass(frozen=True, slots=True)
class _Laid:
    """A table on a terminal; whole lines where nothing is folded, as into a pipe."""

    table: RenderableType
    whole: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        yield self.whole if options.no_wrap else self.table


def _whole_lines(comparison: Comparison) -> Iterator[Text]:
    """A line for each claim on each backend."""
    for claim, results in comparison.rows():
        for column, result in zip(comparison.columns, results, strict=True):
            yield Text.assemble(f"{plain(column.name)}: ", _cell(result), "  ", _claim(claim))


def _claim(claim: Claim) -> Text:
    return Text.assemble((f"{claim.area}: ", "dim"), claim.says, (f"  {', '.join(claim.rows)}", "dim"))


def _cell(result: ClaimResult) -> Text:
    """The mark; what a backend shows too, where that is not what AWS shows."""
    sign, style = _STYLES[result.mark]
    text = Text(f"{sign} {result.mark.value}", style=style)
    if result.mark is not Mark.AS_AWS:
        text.append(f": {plain(result.text)}")
    return text


def _summary(column: Column) -> Iterator[Text]:
    style = "red" if column.count(Mark.DIFFERS) else "green" if column.count(Mark.AS_AWS) else "yellow"
    yield Text(plain(column.summary), style=f"bold {style}")
    if parts := told_parts(column.parts):
        yield Text(f"  {plain(parts)}", style="dim")
    if column.left:
        yield Text(f"  {plain(column.left)}", style="yellow")
