"""`harness run`: scenarios are played on a stack, judged, and reported."""

import argparse
from pathlib import Path

from harness.commands.aws_options import add_aws_options
from harness.commands.backend_options import add_backend_options, chosen_backend
from harness.commands.debug_options import add_debug_options, asked_to_debug
from harness.commands.file_options import (
    RUNS,
    add_scenario_files,
    add_stack_options,
    expected_stack,
    parameters,
    scenario_files,
)
from harness.commands.printing import say_aside, terminal
from harness.commands.report_options import (
    accepted,
    add_report_options,
    block_of,
    make_room_for,
    report,
)

EXAMPLES = """\
  harness run                                  every scenario in scenarios/, on the stack in stack.yaml
  harness run scenarios/a-switch.yaml          one scenario
  harness run -v                               with the figures of every scenario that passed, too
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which scenarios, on which stack, where that runs, and how it is told."""
    add_scenario_files(parser)
    add_stack_options(parser, "what to deploy [stack.yaml]")
    parser.add_argument(
        "--runs", metavar="DIR", type=Path, default=RUNS, help="the folder that keeps runs [runs/]"
    )
    add_backend_options(parser)
    add_aws_options(parser)
    add_report_options(parser)
    add_debug_options(parser)


def execute(options: argparse.Namespace) -> int:
    """Plays, judges and reports; the exit code is that of the verdict."""
    from harness.event_loop import run_until_terminated
    from harness.progress import Silent, TerminalProgress
    from harness.reports.exit import exit_code
    from harness.run import RunOptions, run

    console = terminal()
    debug = asked_to_debug(options)
    moves = debug is None
    progress = Silent() if options.json else TerminalProgress(console, block=block_of(options), moves=moves)
    asked = RunOptions(
        expected_stack(options),
        scenario_files(options),
        options.runs,
        ("harness", *options.words),
        backend=chosen_backend(options),
        accepted=accepted(options),
        parameters=parameters(options),
        notice=say_aside,
        debug=debug,
        junit=options.junit,
    )
    make_room_for(options.junit)
    result = run_until_terminated(run(asked, progress, tell=lambda told: report(told, options, console)))
    return exit_code(result.results, complete=result.complete)
