"""Debugging on a command line: `--debug [FUNCTION]`, `--debug-listen PORT`, `--debug-wait`."""

import argparse
import os
import sys
from typing import TYPE_CHECKING

from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.debugging import AskedToDebug


def add_debug_options(command: argparse.ArgumentParser) -> None:
    """`--debug [FUNCTION]` and what goes with it."""
    group = command.add_argument_group("debugging", "time-outs wait for whoever sits at a breakpoint")
    group.add_argument(
        "--debug",
        nargs="?",
        const="",
        metavar="FUNCTION",
        help="breakpoint() stops in this terminal, Node's inspector listens; of one function, or of all",
    )
    group.add_argument(
        "--debug-listen",
        type=_port,
        default=0,
        metavar="PORT",
        help="an IDE attaches to FUNCTION there: debugpy for Python, the inspector for Node",
    )
    group.add_argument(
        "--debug-wait", action="store_true", help="FUNCTION starts only when a debugger is attached"
    )


def asked_to_debug(options: argparse.Namespace) -> "AskedToDebug | None":
    """What the options ask for; None for nothing. UsageError where one makes no sense alone."""
    from harness.debugging import AskedToDebug

    if options.debug is None:
        if options.debug_listen or options.debug_wait:
            raise UsageError("--debug-listen and --debug-wait need --debug FUNCTION: whose debugger is it?")
        return None
    if options.debug_listen and not options.debug:
        raise UsageError("--debug-listen is one function's: name it, --debug FUNCTION")
    terminal = os.ttyname(sys.stdin.fileno()) if sys.stdin.isatty() else ""
    return AskedToDebug(options.debug, options.debug_listen, options.debug_wait, terminal)


def _port(text: str) -> int:
    if text.isdecimal() and 0 < int(text) <= 65_535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port; write 1 to 65535")
