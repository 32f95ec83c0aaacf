"""`harness up`: AWS alone on one port, with a stack deployed to it, until Ctrl-C."""

import argparse

from harness.commands.backend_options import add_backend_options, chosen_backend
from harness.commands.debug_options import add_debug_options, asked_to_debug
from harness.commands.file_options import add_stack_options, parameters, stack_if_any
from harness.commands.printing import terminal
from harness.emulator.aws_api.credentials import add_signature_options, credentials_of
from harness.errors import ExitCode

EXAMPLES = """\
  harness up                                   AWS on port 4566, with stack.yaml if it is here
  harness up --port 0                          on a free port
  harness up --host 0.0.0.0                    for other machines too: anybody who reaches it can use it
  harness up --backend localstack              tables and topics in a LocalStack that runs already
  harness up --debug fan_out --debug-listen 5678          an IDE attaches to the function fan_out
  harness up --verify-signatures               a wrong signature is refused, as on AWS, and not only a missing one
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which stack, where AWS listens, what of it is elsewhere, and how strict and patient it is."""
    add_stack_options(parser, "what to deploy [stack.yaml, if it is there]")
    parser.add_argument("--host", default="127.0.0.1", help="the interface to listen on [127.0.0.1]")
    parser.add_argument("--port", type=_port, default=4566, help="the port; 0 takes a free one [4566]")
    add_signature_options(parser)
    add_backend_options(parser)
    add_debug_options(parser)


def _port(text: str) -> int:
    if text.isdecimal() and int(text) <= 65_535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port; write 0 to 65535")


def execute(options: argparse.Namespace) -> ExitCode:
    """Runs AWS until SIGINT or SIGTERM."""
    from harness.commands.serving import serve
    from harness.event_loop import run as run_event_loop

    debug = asked_to_debug(options)
    run_event_loop(
        serve(
            stack_if_any(options),
            host=options.host,
            port=options.port,
            console=terminal(),
            credentials=credentials_of(options.credentials) if options.verify_signatures else None,
            parameters=parameters(options),
            backend=chosen_backend(options),
            debug=debug,
        )
    )
    return ExitCode.PASS
