"""The `harness` command: `run`, `check`, `up`, `list`, `doctor`."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from harness import __version__
from harness.errors import ExitCode, HarnessError

if TYPE_CHECKING:
    from harness.run import RunResult

INTERRUPTED = 130

EPILOG = """\
examples:
  harness run                                  every scenario in scenarios/, on the stack in stack.yaml
  harness run scenarios/a-switch.yaml          one scenario
  harness run --junit report.xml --json        for machines: JUnit, and summary.json on standard output
  harness check runs/latest                    judge the last run again, from its history
  harness up                                   AWS on port 4566 with stack.yaml deployed, until Ctrl-C
  harness list                                 what each scenario claims

exit codes:
  0 passed   1 failed, or a handler cannot start   2 a mistake in what was given
  3 unknown: the history cannot tell   4 the harness or the backend broke   130 interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code; every error is one message on standard error."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except HarnessError as error:
        Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(f"harness: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        Console(stderr=True).print("harness: interrupted; every process it started has ended")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone (`harness list | head`): nothing is left to say.
        sys.stderr.close()
        return ExitCode.BROKEN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="harness",
        description="Runs real fan-out handlers on a local AWS and says whether latency, routing and purging hold.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fanout-harness {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_run(commands)
    _add_check(commands)
    _add_up(commands)
    _add_list(commands)
    _add_doctor(commands)
    return parser


# --- run --------------------------------------------------------------------------------------------------


def _add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser("run", help="play scenarios on the embedded AWS and judge them")
    command.add_argument(
        "scenarios", nargs="*", type=Path, default=[Path("scenarios")], help="files or folders [scenarios/]"
    )
    command.add_argument("--stack", type=Path, default=Path("stack.yaml"), help="what to deploy [stack.yaml]")
    command.add_argument("--runs", type=Path, default=Path("runs"), help="the folder that keeps runs [runs/]")
    _add_outputs(command)
    command.set_defaults(command=_run)


def _add_outputs(command: argparse.ArgumentParser) -> None:
    command.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML to FILE as well")
    command.add_argument("--json", action="store_true", help="print summary.json instead of the report")


def _run(options: argparse.Namespace) -> ExitCode:
    from harness.event_loop import run as run_event_loop
    from harness.progress import Silent, TerminalProgress
    from harness.reports.terminal import scenario_block
    from harness.run import RunOptions, run

    console = Console(highlight=False)
    progress = Silent() if options.json else TerminalProgress(console, block=scenario_block)
    asked = RunOptions(options.stack, tuple(options.scenarios), options.runs, tuple(sys.argv[1:]))
    return _report(run_event_loop(run(asked, progress)), options, console)


def _report(result: "RunResult", options: argparse.Namespace, console: Console) -> ExitCode:
    """Writes summary.json and junit.xml into the run's folder and says how it ended."""
    from harness.reports.exit import exit_code
    from harness.reports.junit import junit
    from harness.reports.summary import summary
    from harness.reports.terminal import total_line

    described = summary(result.results, run=asdict(result.folder.description()))
    result.folder.write_report("summary.json", described)
    result.folder.write_report("junit.xml", junit(result.results))
    if options.junit:
        options.junit.write_bytes(junit(result.results))
    if options.json:
        sys.stdout.buffer.write(described)
    else:
        console.print(total_line(result.results, seconds=result.seconds))
        console.print(f"history, summary.json, junit.xml: {result.folder.path}", markup=False, soft_wrap=True)
    return exit_code(result.results)


# --- check ------------------------------------------------------------------------------------------------


def _add_check(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser("check", help="judge an old run again, from its histories")
    command.add_argument("run", type=Path, help="a run's folder, such as runs/latest")
    _add_outputs(command)
    command.set_defaults(command=_check)


def _check(options: argparse.Namespace) -> ExitCode:
    from harness.reports.terminal import scenario_block
    from harness.run import judge_again

    console = Console(highlight=False)
    result = judge_again(options.run)
    if not options.json:
        for one in result.results:
            console.print(scenario_block(one))
    return _report(result, options, console)


# --- up ---------------------------------------------------------------------------------------------------


def _add_up(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser("up", help="run AWS alone, until Ctrl-C")
    command.add_argument("--stack", type=Path, help="what to deploy [stack.yaml, if it is there]")
    command.add_argument("--host", default="127.0.0.1", help="the interface to listen on [127.0.0.1]")
    command.add_argument("--port", type=int, default=4566, help="the port; 0 takes a free one [4566]")
    command.set_defaults(command=_up)


def _up(options: argparse.Namespace) -> ExitCode:
    from harness.event_loop import run as run_event_loop
    from harness.up import up

    stack = options.stack or (Path("stack.yaml") if Path("stack.yaml").is_file() else None)
    run_event_loop(up(stack, host=options.host, port=options.port, console=Console(highlight=False)))
    return ExitCode.PASS


# --- list -------------------------------------------------------------------------------------------------


def _add_list(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser("list", help="the scenarios, and what each claims")
    command.add_argument("scenarios", nargs="*", type=Path, default=[Path("scenarios")])
    command.add_argument("--stack", type=Path, default=Path("stack.yaml"), help="whose feed holds [stack.yaml]")
    command.add_argument("--json", action="store_true", help="as JSON")
    command.set_defaults(command=_list)


def _list(options: argparse.Namespace) -> ExitCode:
    import orjson

    from harness.scenario.loader import find_scenarios, load_scenario
    from harness.stack.loader import load_stack

    paths = [path for given in options.scenarios for path in find_scenarios(given)]
    feed = load_stack(options.stack).feed if options.stack.is_file() else None
    claims = [(str(path), load_scenario(path, feed=feed).scenario) for path in paths]
    if options.json:
        rows = [{"file": path, "scenario": claim} for path, claim in claims]
        sys.stdout.buffer.write(orjson.dumps(rows, option=orjson.OPT_INDENT_2) + b"\n")
        return ExitCode.PASS
    console = Console(highlight=False)
    for path, claim in claims:
        console.print(f"{path}\n    {claim}", markup=False)
    return ExitCode.PASS


# --- doctor -----------------------------------------------------------------------------------------------


def _add_doctor(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser("doctor", help="whether this machine has what a run needs")
    command.set_defaults(command=_doctor)


def _doctor(options: argparse.Namespace) -> ExitCode:
    from harness.doctor import examine

    console = Console(highlight=False)
    findings = examine()
    for finding in findings:
        console.print(f"{'ok  ' if finding.good else 'NO  '}{finding.what}", markup=False)
    return ExitCode.PASS if all(finding.good for finding in findings) else ExitCode.BROKEN
