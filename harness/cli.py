"""The `harness` command: `run`, `check`, `up`, `list`, `doctor`."""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from rich.console import Console

from harness import __version__
from harness.backends.aws.options import add_aws_options
from harness.backends.options import add_backend_options, chosen_backend
from harness.emulator.credentials import add_signature_options, credentials_of
from harness.errors import ExitCode, HarnessError, UsageError

if TYPE_CHECKING:
    from harness.record.store import RunDescription
    from harness.run import RunResult

INTERRUPTED = 130
STACK = Path("stack.yaml")
SCENARIOS = Path("scenarios")
RUNS = Path("runs")

EXAMPLES = """\
  harness run                                  every scenario in scenarios/, on the stack in stack.yaml
  harness run scenarios/a-switch.yaml          one scenario
  harness run --junit report.xml --json        for machines: JUnit, and summary.json on standard output
  harness check                                judge the last run again, from its history
  harness up                                   AWS on port 4566 with stack.yaml deployed, until Ctrl-C
  harness list                                 what each scenario claims
"""

RUN_EXAMPLES = """\
  harness run                                  every scenario in scenarios/, on the stack in stack.yaml
  harness run scenarios/a-switch.yaml          one scenario
  harness run --stack other/stack.yaml mine/   the scenarios in mine/, on another stack
  harness run --junit build/report.xml         JUnit XML for a CI server
  harness run --backend localstack             tables and topics in LocalStack, or everything where it can
  harness run --endpoint-url http://host:4566  on any endpoint that speaks AWS
  harness run --backend aws --confirm-aws 123456789012 --cloudformation dex
                                               on a stack that is deployed on AWS already
  harness run --accept-unknown health,purge    pass, although the backend does not show what these checks need
  harness run --json | jq .verdict             summary.json on standard output, nothing else
"""

CHECK_EXAMPLES = """\
  harness check                                the last run
  harness check runs/20261122T095501Z-a1b2c3   that run
"""

UP_EXAMPLES = """\
  harness up                                   AWS on port 4566, with stack.yaml if it is here
  harness up --port 0                          on a free port
  harness up --host 0.0.0.0                    for other machines too: anybody who reaches it can use it
  harness up --backend localstack              tables and topics in a LocalStack that runs already
  harness up --verify-signatures               a wrong signature is refused, as on AWS, and not only a missing one
"""

EXIT_CODES = """\
  0 passed   1 failed, or a handler cannot start   2 a mistake in what was given
  3 unknown: the history cannot tell   4 the harness or the backend broke   130 interrupted
"""

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code; every error is one message on standard error."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    options = _parser().parse_args(words, argparse.Namespace(words=tuple(words)))
    try:
        return int(options.command(options))
    except HarnessError as error:
        Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(f"harness: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        Console(stderr=True, soft_wrap=True).print("harness: interrupted; every process it started has ended")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone (`harness list --json | head`): nothing is left to say, at exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.BROKEN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="harness",
        description="Runs real fan-out handlers on a local AWS and says whether latency, routing and purging hold.",
        epilog=f"examples:\n{EXAMPLES}\nexit codes:\n{EXIT_CODES}",
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


def _add(commands: Commands, name: str, purpose: str, *, examples: str = "") -> argparse.ArgumentParser:
    """A command whose own help ends with examples."""
    return commands.add_parser(
        name,
        help=purpose,
        description=f"{purpose[0].upper()}{purpose[1:]}.",
        epilog=f"examples:\n{examples}" if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


# --- run --------------------------------------------------------------------------------------------------


def _add_run(commands: Commands) -> None:
    command = _add(commands, "run", "play scenarios on a local AWS and judge them", examples=RUN_EXAMPLES)
    command.add_argument("scenarios", nargs="*", type=Path, help="files or folders [scenarios/]")
    command.add_argument("--stack", metavar="FILE", type=Path, help="what to deploy [stack.yaml]")
    command.add_argument(
        "--runs", metavar="DIR", type=Path, default=RUNS, help="the folder that keeps runs [runs/]"
    )
    add_backend_options(command)
    add_aws_options(command)
    _add_outputs(command)
    command.set_defaults(command=_run)


def _add_outputs(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--accept-unknown",
        metavar="CHECK",
        action="append",
        help="an UNKNOWN of this check is no reason to fail",
    )
    command.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML to FILE as well")
    command.add_argument("--json", action="store_true", help="print summary.json instead of the report")


def _run(options: argparse.Namespace) -> ExitCode:
    from harness.event_loop import run_until_terminated
    from harness.progress import Silent, TerminalProgress
    from harness.reports.terminal import scenario_block
    from harness.run import RunOptions, run

    console = Console(highlight=False)
    progress = Silent() if options.json else TerminalProgress(console, block=scenario_block)
    asked = RunOptions(
        _stack(options),
        _scenarios(options),
        options.runs,
        ("harness", *options.words),
        chosen_backend(options),
        _accepted(options),
    )
    _make_room_for(options.junit)
    return _report(run_until_terminated(run(asked, progress)), options, console)


def _stack(options: argparse.Namespace) -> Path:
    """The file that was named, or the one that is expected here."""
    if options.stack is None and not STACK.is_file():
        raise UsageError(
            f"there is no {STACK} in {Path.cwd()}: go to the folder that has it, or name the stack to deploy: "
            "harness run --stack FILE"
        )
    return Path(options.stack or STACK)


def _scenarios(options: argparse.Namespace) -> tuple[Path, ...]:
    if not options.scenarios and not SCENARIOS.is_dir():
        raise UsageError(
            f"there is no {SCENARIOS}/ in {Path.cwd()}: name the files or folders that hold scenarios"
        )
    return tuple(options.scenarios or (SCENARIOS,))


def _accepted(options: argparse.Namespace) -> frozenset[str]:
    from harness.accepting import accepted_checks

    return accepted_checks(options.accept_unknown or ())


def _make_room_for(junit: Path | None) -> None:
    """Better told now than after the run."""
    if junit is None:
        return
    if junit.is_dir():
        raise UsageError(f"--junit {junit}: is a folder; name a file")
    try:
        junit.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--junit {junit}: its folder cannot be made: {error.strerror}") from error


def _report(result: "RunResult", options: argparse.Namespace, console: Console) -> ExitCode:
    """Says how the run ended, and keeps that in the run's folder."""
    from harness.backends.parts import told_parts
    from harness.reports.exit import exit_code
    from harness.reports.terminal import total_line
    from harness.run import keep_reports, summary_of

    if options.json:
        sys.stdout.buffer.write(summary_of(result))
        sys.stdout.buffer.flush()
    else:
        if not result.results:
            console.print("no scenario was played, so nothing is known")
        console.print(total_line(result.results, seconds=result.seconds))
        if parts := told_parts(result.folder.description().parts):
            console.print(parts, markup=False, soft_wrap=True)
        console.print(f"history, summary.json, junit.xml: {result.folder.path}", markup=False, soft_wrap=True)
    keep_reports(result)
    if options.junit:
        _write_junit(result, options.junit)
    return exit_code(result.results)


def _write_junit(result: "RunResult", file: Path) -> None:
    from harness.run import junit_of

    try:
        file.write_bytes(junit_of(result))
    except OSError as error:
        raise UsageError(f"--junit {file}: cannot be written: {error.strerror}") from error


# --- check ------------------------------------------------------------------------------------------------


def _add_check(commands: Commands) -> None:
    command = _add(commands, "check", "judge an old run again, from its histories", examples=CHECK_EXAMPLES)
    command.add_argument(
        "run", nargs="?", type=Path, default=RUNS / "latest", help="a run's folder [runs/latest]"
    )
    _add_outputs(command)
    command.set_defaults(command=_check)


def _check(options: argparse.Namespace) -> ExitCode:
    from harness.reports.terminal import scenario_block
    from harness.run import judge_again

    console = Console(highlight=False)
    _make_room_for(options.junit)
    result = judge_again(_run_folder(options.run), accepted=_accepted(options))
    if not options.json:
        described = _described(result.folder.path, result.folder.description())
        console.print(described, markup=False, soft_wrap=True)
        for one in result.results:
            console.print(scenario_block(one))
    return _report(result, options, console)


def _run_folder(given: Path) -> Path:
    if (given / "latest").exists() and not (given / "run.json").exists():
        raise UsageError(f"{given} keeps runs and is none itself: harness check {given / 'latest'}")
    if not given.exists():
        raise UsageError(f"{given}: there is no such run; `harness run` makes one")
    return given


def _described(path: Path, run: "RunDescription") -> str:
    """Which run it is, in two lines."""
    started = datetime.fromtimestamp(run.started_at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    command = " ".join(run.command) or "by tests"
    return f"run {path.name}: stack {run.stack}, backend {run.backend}, {started}\n  {command}"


# --- up ---------------------------------------------------------------------------------------------------


def _add_up(commands: Commands) -> None:
    command = _add(commands, "up", "run AWS alone, until Ctrl-C", examples=UP_EXAMPLES)
    command.add_argument(
        "--stack", metavar="FILE", type=Path, help="what to deploy [stack.yaml, if it is there]"
    )
    command.add_argument("--host", default="127.0.0.1", help="the interface to listen on [127.0.0.1]")
    command.add_argument("--port", type=_port, default=4566, help="the port; 0 takes a free one [4566]")
    add_signature_options(command)
    add_backend_options(command)
    command.set_defaults(command=_up)


def _port(text: str) -> int:
    if text.isdecimal() and int(text) <= 65_535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port; write 0 to 65535")


def _up(options: argparse.Namespace) -> ExitCode:
    from harness.event_loop import run as run_event_loop
    from harness.up import up

    stack = options.stack or (STACK if STACK.is_file() else None)
    credentials = credentials_of(options.credentials) if options.verify_signatures else None
    console = Console(highlight=False)
    run_event_loop(
        up(
            stack,
            host=options.host,
            port=options.port,
            console=console,
            credentials=credentials,
            backend=chosen_backend(options),
        )
    )
    return ExitCode.PASS


# --- list -------------------------------------------------------------------------------------------------


def _add_list(commands: Commands) -> None:
    command = _add(commands, "list", "say what each scenario claims")
    command.add_argument("scenarios", nargs="*", type=Path, help="files or folders [scenarios/]")
    command.add_argument(
        "--stack", metavar="FILE", type=Path, help="whose feed holds [stack.yaml, if it is there]"
    )
    command.add_argument("--json", action="store_true", help="as JSON")
    command.set_defaults(command=_list)


def _list(options: argparse.Namespace) -> ExitCode:
    import orjson

    from harness.scenario.loader import find_scenarios, load_scenario
    from harness.stack.loader import load_stack

    stack = options.stack or (STACK if STACK.is_file() else None)
    feed = load_stack(stack).feed if stack else None
    paths = [path for given in _scenarios(options) for path in find_scenarios(given)]
    claims = [(str(path), load_scenario(path, feed=feed).scenario) for path in paths]
    if options.json:
        rows = [{"file": path, "scenario": claim} for path, claim in claims]
        sys.stdout.buffer.write(orjson.dumps(rows, option=orjson.OPT_INDENT_2) + b"\n")
        sys.stdout.buffer.flush()
        return ExitCode.PASS
    console = Console(highlight=False)
    for path, claim in claims:
        console.print(f"{path}\n    {claim}", markup=False, soft_wrap=True)
    return ExitCode.PASS


# --- doctor -----------------------------------------------------------------------------------------------


def _add_doctor(commands: Commands) -> None:
    command = _add(commands, "doctor", "say whether this machine has what a run needs")
    command.set_defaults(command=_doctor)


def _doctor(options: argparse.Namespace) -> ExitCode:
    from harness.doctor import examine

    console = Console(highlight=False)
    findings = examine()
    for finding in findings:
        mark = "ok  " if finding.good else "NO  "
        console.print(f"{mark}{finding.what}", markup=False, soft_wrap=True)
    return ExitCode.PASS if all(finding.good for finding in findings) else ExitCode.BROKEN
