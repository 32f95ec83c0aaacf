"""Backend on a command line: where a stack runs."""

import argparse
import os
from dataclasses import replace

from harness.backends.choice import BackendChoice, Kind, choose
from harness.commands.aws_options import chosen_aws, unheard_aws_option
from harness.errors import UsageError


def add_backend_options(command: argparse.ArgumentParser) -> None:
    """The options of every command that needs a backend."""
    group = command.add_argument_group("backend", "where the stack runs")
    group.add_argument(
        "--backend",
        metavar="KIND",
        help=f"{', '.join(Kind)} [$HARNESS_BACKEND, else embedded]",
    )
    group.add_argument(
        "--endpoint-url",
        metavar="URL",
        help="of the backends localstack and endpoint [$AWS_ENDPOINT_URL, for localstack also $LOCALSTACK_HOST]",
    )
    group.add_argument(
        "--hybrid", action="store_true", help="API and functions here, although the endpoint has them too"
    )
    group.add_argument(
        "--callback-host",
        metavar="HOST",
        help="the name by which an endpoint in a container reaches the functions here; listens on all interfaces",
    )


def chosen_backend(options: argparse.Namespace) -> BackendChoice:
    """What the options and the environment say; UsageError for what makes no sense."""
    choice = choose(
        os.environ,
        backend=options.backend,
        endpoint_url=options.endpoint_url,
        hybrid=options.hybrid,
        callback_host=options.callback_host,
    )
    if choice.kind is Kind.AWS and "confirm_aws" in options:
        return replace(choice, aws=chosen_aws(options))
    if (unheard := unheard_aws_option(options)) is not None:
        raise UsageError(f"{unheard} is for the backend aws; the backend is {choice.kind}")
    return choice
