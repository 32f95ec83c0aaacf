"""Reporting how a run ended: the options that say what may pass and where reports go, and the reports themselves."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType

from harness.commands.printing import say, show, write
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.checks.verdict import ScenarioResult
    from harness.progress import Block
    from harness.run_reports import RunResult


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """`--accept-unknown`, `--junit`, `--json` and `--verbose`."""
    parser.add_argument(
        "--accept-unknown",
        metavar="CHECK",
        action="append",
        help="an UNKNOWN of this check is no reason to fail",
    )
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML to FILE as well")
    parser.add_argument("--json", action="store_true", help="print summary.json instead of the report")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="tell of scenarios that passed as much as of others"
    )


def accepted(options: argparse.Namespace) -> frozenset[str]:
    """The checks whose UNKNOWN may pass; UsageError for a name that no check has."""
    from harness.checks.judge import accepted_checks

    return accepted_checks(options.accept_unknown or ())


def make_room_for(junit: Path | None) -> None:
    """Makes the folder of the JUnit file; UsageError where it cannot be written, told now and not after the run."""
    if junit is None:
        return
    if junit.is_dir():
        raise UsageError(f"--junit {junit}: is a folder; name a file")
    try:
        junit.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--junit {junit}: its folder cannot be made: {error.strerror}") from error


def block_of(options: argparse.Namespace) -> "Block":
    """What is shown of a scenario's result."""
    from harness.reports.terminal import scenario_block

    def block(result: "ScenarioResult", run: str) -> RenderableType:
        return scenario_block(result, run=run, verbose=options.verbose)

    return block


def report(result: "RunResult", options: argparse.Namespace, console: Console) -> int:
    """Keeps in the run's folder how the run ended, says it, and returns the exit code for it."""
    from harness.reports.exit import exit_code
    from harness.run_reports import keep_reports, summary_of

    keep_reports(result, junit=options.junit)
    if options.json:
        write(summary_of(result))
    else:
        _say_end(result, console)
    return exit_code(result.results, complete=result.complete, stopped=result.stopped)


def _say_end(result: "RunResult", console: Console) -> None:
    from harness.backends.parts import told_parts
    from harness.reports.stopped import Outcome
    from harness.reports.terminal import log_hints, total_line

    description, stopped = result.folder.description(), result.stopped
    started = stopped is None or stopped.outcome is not Outcome.NOT_STARTED
    if started:
        if not result.results:
            say(console, "no scenario was played, so nothing is known")
        total = total_line(result.results, seconds=result.seconds, asked=description.asked, stopped=stopped)
        show(console, total)
        if parts := told_parts(description.parts):
            say(console, parts)
    say(console, f"{'history, ' if started else ''}summary.json, junit.xml: {result.folder.path}")
    say(console, *log_hints(result.results, run=str(result.folder.path)))
