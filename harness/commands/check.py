"""`harness check`: an old run is judged again, from its histories alone."""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.file_options import add_run_folder, run_folder
from harness.commands.printing import say, show, terminal
from harness.commands.report_options import (
    accepted,
    add_report_options,
    block_of,
    make_room_for,
    report,
)

if TYPE_CHECKING:
    from harness.record.store import RunDescription
    from harness.reports.stopped import Stopped

EXAMPLES = """\
  harness check                                the last run
  harness check runs/20261122T095501Z-a1b2c3   that run
  harness check -v                             with the figures of what passed
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which run, and how its verdict is told."""
    add_run_folder(parser)
    add_report_options(parser)


def execute(options: argparse.Namespace) -> int:
    """Judges and reports; the exit code is that of the verdict."""
    from harness.run import judge_again

    console = terminal()
    make_room_for(options.junit)
    result = judge_again(run_folder(options), accepted=accepted(options))
    if not options.json:
        say(console, _described(result.folder.path, result.folder.description()))
        block, run = block_of(options), str(result.folder.path)
        for one in result.results:
            show(console, block(one, run))
        say(console, *(_stop(result.stopped) if result.stopped else ()))
    return report(result, options, console)


def _stop(stopped: "Stopped") -> Iterator[str]:
    """Why the run ended before its end."""
    yield f"{stopped.outcome.sentence}{':' if stopped.reasons else ''}"
    yield from (f"  {line}" for reason in stopped.reasons for line in reason.splitlines())


def _described(path: Path, run: "RunDescription") -> str:
    """Which run it is, in two lines."""
    started = datetime.fromtimestamp(run.started_at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    command = " ".join(run.command) or "by tests"
    return f"run {path.name}: stack {run.stack}, backend {run.backend}, {started}\n  {command}"
