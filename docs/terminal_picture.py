"""Draws `docs/terminal.svg` from a run that was really made: `python docs/terminal_picture.py runs/latest ...`."""

import sys
from io import StringIO
from pathlib import Path

from rich.console import Console

from harness.reports.terminal import scenario_block, total_line
from harness.run import judge_again


def main(*runs: str) -> None:
    console = Console(record=True, width=92, file=StringIO(), force_terminal=True, highlight=False)
    console.print("[bold]$ harness run[/]")
    results = [result for run in runs for result in judge_again(Path(run)).results]
    for result in results:
        console.print(scenario_block(result))
    console.print(total_line(results, seconds=sum(result.seconds for result in results)))
    picture = console.export_svg(title="harness run")
    Path(__file__).with_name("terminal.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
