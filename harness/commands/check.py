"""`harness check`: an old run is judged again, from its histories alone."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.file_options import add_run_folder, run_folder
from harness.commands.printing import say, terminal
from harness.commands.report_options import accepted, add_report_options, make_room_for, report
from harness.errors import ExitCode

if TYPE_CHECKING:
    from harness.record.store import RunDescription

EXAMPLES = """\
  harness check                                the last run
  harness check runs/20261122T095501Z-a1b2c3   that run
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which run, and how its verdict is told."""
    add_run_folder(parser)
    add_report_options(parser)


def execute(options: argparse.Namespace) -> ExitCode:
    """Judges and reports; the exit code is that of the verdict."""
    from harness.reports.terminal import scenario_block
    from harness.run import judge_again

    console = terminal()
    make_room_for(options.junit)
    result = judge_again(run_folder(options), accepted=accepted(options))
    if not options.json:
        say(console, _described(result.folder.path, result.folder.description()))
        for one in result.results:
            console.print(scenario_block(one))
    return report(result, options, console)


def _described(path: Path, run: "RunDescription") -> str:
    """Which run it is, in two lines."""
    started = datetime.fromtimestamp(run.started_at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    command = " ".join(run.command) or "by tests"
    return f"run {path.name}: stack {run.stack}, backend {run.backend}, {started}\n  {command}"
