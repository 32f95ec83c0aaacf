"""Command table of `harness`: which commands there are, and the exit codes that they end with."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import cast

from harness import __version__
from harness.commands.command import Command
from harness.commands.printing import say_aside
from harness.errors import ExitCode, HarnessError

COMMANDS: Mapping[str, str] = {
    "run": "play scenarios on a local AWS and judge them",
    "check": "judge an old run again, from its histories",
    "logs": "show what the functions wrote",
    "up": "run AWS alone, until Ctrl-C",
    "list": "say what each scenario claims",
    "install-sdk": "install the AWS SDK for JavaScript and esbuild, once, for Node functions without their own",
    "doctor": "say whether this machine has what a run needs",
    "parity": "show where backends differ from AWS",
}
"""What each command is for; `harness/commands/` has a module for each."""

EXAMPLES = """\
  harness run                                  every scenario in scenarios/, on the stack in stack.yaml
  harness run scenarios/a-switch.yaml          one scenario
  harness run --junit report.xml --json        for machines: JUnit, and summary.json on standard output
  harness check                                judge the last run again, from its history
  harness logs --scenario purge                what the functions wrote while that scenario was played
  harness up                                   AWS on port 4566 with stack.yaml deployed, until Ctrl-C
  harness list                                 what each scenario claims
"""

EXIT_CODES = """\
  0 passed   1 failed, or a handler cannot start   2 a mistake in what was given
  3 unknown: the history cannot tell   4 the harness or the backend broke   130 interrupted
"""

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code; every error is one message on standard error."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    options = parsed(words)
    try:
        return int(options.execute(options))
    except HarnessError as error:
        say_aside(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        say_aside("interrupted; every process it started has ended")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone (`harness list --json | head`): nothing is left to say, at exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.BROKEN


def parsed(words: Sequence[str]) -> argparse.Namespace:
    """The options that the words give, and `execute`, which takes them; ends the process as argparse does."""
    parser = argparse.ArgumentParser(
        prog="harness",
        description="Runs real fan-out handlers on a local AWS and says whether latency, routing and purging hold.",
        epilog=f"examples:\n{EXAMPLES}\nexit codes:\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fanout-harness {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    given = next((word for word in words if word in COMMANDS), None)
    for name, purpose in COMMANDS.items():
        one = commands.add_parser(
            name,
            help=purpose,
            description=f"{purpose[0].upper()}{purpose[1:]}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == given:
            _complete(one, loaded(name))
    return parser.parse_args(words, argparse.Namespace(words=tuple(words)))


def loaded(name: str) -> Command:
    """The module of a command."""
    return cast(Command, import_module(f"harness.commands.{name.replace('-', '_')}"))


def _complete(parser: argparse.ArgumentParser, command: Command) -> None:
    """Gives a command's parser what only its module knows; the others stay unread, so that help is there at once."""
    parser.epilog = f"examples:\n{command.EXAMPLES}"
    command.add_arguments(parser)
    parser.set_defaults(execute=command.execute)
