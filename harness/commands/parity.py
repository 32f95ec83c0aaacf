"""`harness parity`: what backends show of the same claims about AWS, side by side."""

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from rich.console import Console

from harness.commands.printing import show, terminal, write_json
from harness.errors import ExitCode

EXAMPLES = """\
  harness parity                                             the embedded AWS against the real one
  harness parity --backend embedded --backend localstack     side by side with a LocalStack that runs
  harness parity --endpoint-url ministack=http://127.0.0.1:4566 events 410
  harness parity --json | jq .as_aws                         for machines

exit codes:
  0 all backends do as AWS in everything that they carry   1 something differs
  3 a backend carries nothing of it   4 a backend does not answer
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which claims, on which backends."""
    parser.add_argument("claims", nargs="*", metavar="WORD", help="areas, rows, or words of claims [all]")
    parser.add_argument(
        "--backend", action="append", default=[], metavar="KIND", help="may be repeated [embedded]"
    )
    parser.add_argument(
        "--endpoint-url", action="append", default=[], metavar="[NAME=]URL", help="may be repeated"
    )
    parser.add_argument(
        "--hybrid", action="store_true", help="API and functions here, although an endpoint has them too"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")


def execute(options: argparse.Namespace) -> ExitCode:
    """Measures the claims and shows the backends side by side; the exit code is that of the comparison."""
    from harness.event_loop import run as run_event_loop
    from harness.parity.catalogue import claims_named
    from harness.parity.comparison import as_json
    from harness.parity.measuring import compare
    from harness.parity.subject import chosen
    from harness.parity.table import comparison_table

    choices = chosen(
        os.environ, backends=options.backend, endpoint_urls=options.endpoint_url, hybrid=options.hybrid
    )
    claims = claims_named(options.claims)
    bar = partial(_bar, Console(stderr=True), len(claims))
    comparison = run_event_loop(compare(choices, claims, bar))
    if options.json:
        write_json(as_json(comparison))
    else:
        show(terminal(), comparison_table(comparison))
    return comparison.exit_code


@contextmanager
def _bar(console: Console, total: int, name: str) -> Iterator[Callable[[], None]]:
    """A bar that goes when the backend of that name is done."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task(f"measuring {name}", total=total)
        yield lambda: bars.advance(task)
