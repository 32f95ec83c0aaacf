"""The `harness` command: `run`, `check`, `logs`, `up`, `list`, `install-sdk`, `doctor`, `parity`."""

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
from harness.debug_options import add_debug_options, asked_to_debug
from harness.emulator.aws_api.credentials import add_signature_options, credentials_of
from harness.errors import ExitCode, HarnessError, UsageError

if TYPE_CHECKING:
    from harness.record.store import RunDescription
    from harness.run import RunResult

INTERRUPTED = 130
STACK = Path("stack.yaml")
TEMPLATE = Path("template.yaml")
SCENARIOS = Path("scenarios")
RUNS = Path("runs")

EXAMPLES = """\
  harness run                                  every scenario in scenarios/, on the stack in stack.yaml
  harness run scenarios/a-switch.yaml          one scenario
  harness run --junit report.xml --json        for machines: JUnit, and summary.json on standard output
  harness check                                judge the last run again, from its history
  harness logs --scenario purge                what the functions wrote while that scenario was played
  harness up                                   AWS on port 4566 with stack.yaml deployed, until Ctrl-C
  harness list                                 what each scenario claims
"""

RUN_EXAMPLES = """\
  harness run                                  every scenario in scenarios/, on the stack in stack.yaml
  harness run scenarios/a-switch.yaml          one scenario
  harness run --stack other/stack.yaml mine/   the scenarios in mine/, on another stack
  harness run --stack template.yaml            on what a SAM or CloudFormation template describes
  harness run --junit build/report.xml         JUnit XML for a CI server
  harness run --backend localstack             tables and topics in LocalStack, or everything where it can
  harness run --endpoint-url http://host:4566  on any endpoint that speaks AWS
  harness run --backend aws --confirm-aws 123456789012 --cloudformation dex
                                               on a stack that is deployed on AWS already
  harness run --accept-unknown health,purge    pass, although the backend does not show what these checks need
  harness run --json | jq .verdict             summary.json on standard output, nothing else
  harness run scenarios/a-switch.yaml --debug fan_out     breakpoint() in dex/ws/fan_out.py stops here
"""

CHECK_EXAMPLES = """\
  harness check                                the last run
  harness check runs/20261122T095501Z-a1b2c3   that run
"""

LOGS_EXAMPLES = """\
  harness logs                                 what every function of the last run wrote, in order
  harness logs --function fan_out --scenario purge        one function in one scenario
  harness logs runs/latest --request 3f2b8c1e  one invocation
  harness logs --endpoint http://127.0.0.1:4566 --follow  on a running `harness up`, as it comes
"""

UP_EXAMPLES = """\
  harness up                                   AWS on port 4566, with stack.yaml if it is here
  harness up --port 0                          on a free port
  harness up --host 0.0.0.0                    for other machines too: anybody who reaches it can use it
  harness up --backend localstack              tables and topics in a LocalStack that runs already
  harness up --debug fan_out --debug-listen 5678          an IDE attaches to the function fan_out
  harness up --verify-signatures               a wrong signature is refused, as on AWS, and not only a missing one
"""

PARITY_EXAMPLES = """\
  harness parity                                             the embedded AWS against the real one
  harness parity --backend embedded --backend localstack     side by side with a LocalStack that runs
  harness parity --endpoint-url ministack=http://127.0.0.1:4566 events 410
  harness parity --json | jq .as_aws                         for machines

exit codes:
  0 all backends do as AWS in everything that they carry   1 something differs
  3 a backend carries nothing of it   4 a backend does not answer
"""

INSTALL_SDK_EXAMPLES = """\
  harness install-sdk                          into ~/.local/share/fanout-harness/node_modules
  harness install-sdk --v2                     with AWS SDK v2, which new Lambda runtimes no longer have
  FANOUT_HARNESS_NODE_MODULES=/opt/sdk/node_modules harness install-sdk     elsewhere; set it for runs too
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
    _add_logs(commands)
    _add_up(commands)
    _add_list(commands)
    _add_install_sdk(commands)
    _add_doctor(commands)
    _add_parity(commands)
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
    _add_stack(command, "what to deploy [stack.yaml]")
    command.add_argument(
        "--runs", metavar="DIR", type=Path, default=RUNS, help="the folder that keeps runs [runs/]"
    )
    add_backend_options(command)
    add_aws_options(command)
    _add_outputs(command)
    add_debug_options(command)
    command.set_defaults(command=_run)


def _add_stack(command: argparse.ArgumentParser, purpose: str) -> None:
    command.add_argument("--stack", metavar="FILE", type=Path, help=f"{purpose}, or a template")
    command.add_argument(
        "--parameter",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="the value of a template's parameter, as often as there are some",
    )


def _notice(text: str) -> None:
    """What of a template is left out; not on standard output, which may be a program's."""
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(f"harness: {text}")


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
    from harness.stack.loader import parameters_of

    console = Console(highlight=False)
    debug = asked_to_debug(options)
    moves = debug is None
    progress = Silent() if options.json else TerminalProgress(console, block=scenario_block, moves=moves)
    asked = RunOptions(
        _stack(options),
        _scenarios(options),
        options.runs,
        ("harness", *options.words),
        backend=chosen_backend(options),
        accepted=_accepted(options),
        parameters=parameters_of(options.parameter),
        notice=_notice,
        debug=debug,
    )
    _make_room_for(options.junit)
    return _report(run_until_terminated(run(asked, progress)), options, console)


def _stack(options: argparse.Namespace) -> Path:
    """The file that was named, or the one that is expected here."""
    if options.stack is None and not STACK.is_file():
        file = TEMPLATE if TEMPLATE.is_file() else "FILE"
        raise UsageError(
            f"there is no {STACK} in {Path.cwd()}: go to the folder that has it, or name the stack to deploy: "
            f"harness run --stack {file}"
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
    from harness.reports.terminal import log_hints, total_line
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
        for line in log_hints(result.results, run=str(result.folder.path)):
            console.print(line, markup=False, soft_wrap=True)
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


# --- logs -------------------------------------------------------------------------------------------------


def _add_logs(commands: Commands) -> None:
    command = _add(commands, "logs", "show what the functions wrote", examples=LOGS_EXAMPLES)
    command.add_argument("run", nargs="?", type=Path, help="a run's folder [runs/latest]")
    command.add_argument("--scenario", metavar="NAME", help="of this scenario only")
    command.add_argument("--function", metavar="NAME", default="", help="of this function only")
    command.add_argument(
        "--request", metavar="ID", default="", help="of this invocation only; its first digits will do"
    )
    command.add_argument("--endpoint", metavar="URL", help="of a running emulator, and not of a run")
    command.add_argument("--follow", action="store_true", help="with --endpoint: go on until Ctrl-C")
    command.add_argument("--json", action="store_true", help="a JSON object for each line")
    command.set_defaults(command=_logs)


def _logs(options: argparse.Namespace) -> ExitCode:
    from harness.logs import say_logs_of_emulator, say_logs_of_run
    from harness.reports.log_lines import Wanted

    wanted = Wanted(options.function, options.request)

    def say(line: str) -> None:
        sys.stdout.buffer.write(line.encode("utf-8", "replace") + b"\n")
        sys.stdout.buffer.flush()

    if options.endpoint is None:
        if options.follow:
            raise UsageError("--follow needs --endpoint URL: a run that is over says no more")
        folder = _run_folder(options.run or RUNS / "latest")
        say_logs_of_run(folder, wanted, scenario=options.scenario, json=options.json, say=say)
        return ExitCode.PASS
    if options.run is not None or options.scenario is not None:
        raise UsageError("--endpoint is for an emulator that runs now: it knows no run and no scenario")
    try:
        say_logs_of_emulator(options.endpoint, wanted, follow=options.follow, json=options.json, say=say)
    except KeyboardInterrupt:
        if not options.follow:
            raise
    return ExitCode.PASS


# --- up ---------------------------------------------------------------------------------------------------


def _add_up(commands: Commands) -> None:
    command = _add(commands, "up", "run AWS alone, until Ctrl-C", examples=UP_EXAMPLES)
    _add_stack(command, "what to deploy [stack.yaml, if it is there]")
    command.add_argument("--host", default="127.0.0.1", help="the interface to listen on [127.0.0.1]")
    command.add_argument("--port", type=_port, default=4566, help="the port; 0 takes a free one [4566]")
    add_signature_options(command)
    add_backend_options(command)
    add_debug_options(command)
    command.set_defaults(command=_up)


def _port(text: str) -> int:
    if text.isdecimal() and int(text) <= 65_535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port; write 0 to 65535")


def _up(options: argparse.Namespace) -> ExitCode:
    from harness.event_loop import run as run_event_loop
    from harness.stack.loader import parameters_of
    from harness.up import up

    stack = options.stack or (STACK if STACK.is_file() else None)
    credentials = credentials_of(options.credentials) if options.verify_signatures else None
    debug = asked_to_debug(options)
    console = Console(highlight=False)
    run_event_loop(
        up(
            stack,
            host=options.host,
            port=options.port,
            console=console,
            credentials=credentials,
            parameters=parameters_of(options.parameter),
            backend=chosen_backend(options),
            debug=debug,
        )
    )
    return ExitCode.PASS


# --- list -------------------------------------------------------------------------------------------------


def _add_list(commands: Commands) -> None:
    command = _add(commands, "list", "say what each scenario claims")
    command.add_argument("scenarios", nargs="*", type=Path, help="files or folders [scenarios/]")
    _add_stack(command, "whose feed holds [stack.yaml, if it is there]")
    command.add_argument("--json", action="store_true", help="as JSON")
    command.set_defaults(command=_list)


def _list(options: argparse.Namespace) -> ExitCode:
    import orjson

    from harness.scenario.loader import find_scenarios, load_scenario
    from harness.stack.loader import load_stack, parameters_of

    stack = options.stack or (STACK if STACK.is_file() else None)
    parameters = parameters_of(options.parameter)
    feed = load_stack(stack, parameters=parameters, notice=_notice).feed if stack else None
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


# --- install-sdk ------------------------------------------------------------------------------------------


def _add_install_sdk(commands: Commands) -> None:
    purpose = "install the AWS SDK for JavaScript and esbuild, once, for Node functions without their own"
    command = _add(commands, "install-sdk", purpose, examples=INSTALL_SDK_EXAMPLES)
    command.add_argument("--v2", action="store_true", help="AWS SDK v2 (`aws-sdk`) as well")
    command.set_defaults(command=_install_sdk)


def _install_sdk(options: argparse.Namespace) -> ExitCode:
    from harness.emulator.lambda_runtime.node import installed_packages
    from harness.install_sdk import install_sdk

    folder = installed_packages()
    installed = install_sdk(folder, v2=options.v2)
    text = "installed" if installed else "were installed already"
    Console(highlight=False).print(f"packages {text}: {folder}", markup=False, soft_wrap=True)
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


# --- parity -----------------------------------------------------------------------------------------------


def _add_parity(commands: Commands) -> None:
    command = _add(commands, "parity", "show where backends differ from AWS", examples=PARITY_EXAMPLES)
    command.add_argument("claims", nargs="*", metavar="WORD", help="areas, rows, or words of claims [all]")
    command.add_argument(
        "--backend", action="append", default=[], metavar="KIND", help="may be repeated [embedded]"
    )
    command.add_argument(
        "--endpoint-url", action="append", default=[], metavar="[NAME=]URL", help="may be repeated"
    )
    command.add_argument(
        "--hybrid", action="store_true", help="API and functions here, although an endpoint has them too"
    )
    command.add_argument("--json", action="store_true", help="as JSON")
    command.set_defaults(command=_parity)


def _parity(options: argparse.Namespace) -> ExitCode:
    import orjson

    from harness.event_loop import run as run_event_loop
    from harness.parity.command import claims_named, compare
    from harness.parity.comparison import as_json
    from harness.parity.subject import chosen
    from harness.parity.table import comparison_table

    choices = chosen(
        os.environ, backends=options.backend, endpoint_urls=options.endpoint_url, hybrid=options.hybrid
    )
    claims = claims_named(options.claims)
    comparison = run_event_loop(compare(choices, claims, Console(stderr=True)))
    if options.json:
        sys.stdout.buffer.write(orjson.dumps(as_json(comparison), option=orjson.OPT_INDENT_2) + b"\n")
        sys.stdout.buffer.flush()
    else:
        Console(highlight=False).print(comparison_table(comparison))
    return comparison.exit_code
