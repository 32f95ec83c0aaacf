"""Process of the emulator: `python -m harness.emulator`, started by the embedded backend.

Prints one JSON line, `{"endpoint": ...}` once it listens or `{"error": ...}` when it cannot, and ends on SIGTERM,
on SIGINT, or when the pipe named by `--lifeline` closes because its owner died.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading

import orjson

from harness.emulator.aws_api.credentials import add_signature_options, credentials_of
from harness.emulator.elsewhere.services import add_elsewhere_options, read_elsewhere
from harness.emulator.journal import CAPACITY, Journal
from harness.emulator.lambda_runtime.concurrency import ACCOUNT_CONCURRENCY, MAX_ENVIRONMENTS
from harness.emulator.lambda_runtime.debugging import Debugging
from harness.emulator.wiring import Emulator
from harness.errors import HarnessError
from harness.event_loop import run, settle_memory

GRACE = 5.0


def main() -> int:
    options = _options()
    logging.basicConfig(level=logging.WARNING, format="harness emulator: %(message)s", stream=sys.stderr)
    if options.lifeline is not None:
        threading.Thread(target=_end_with_owner, args=(options.lifeline,), daemon=True).start()
    try:
        run(_serve(options))
    except HarnessError as error:
        _say({"error": str(error)})
        return error.exit_code
    return 0


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    credentials = credentials_of(options.credentials) if options.verify_signatures else None
    journal = Journal(options.observations)
    async with Emulator(
        region=options.region,
        credentials=credentials,
        journal=journal,
        elsewhere=read_elsewhere(options.elsewhere),
        callback_host=options.callback_host,
        account_concurrency=options.account_concurrency,
        max_environments=options.max_environments,
        debugging=options.debugging,
        announce=lambda text: print(f"harness: {text}", file=sys.stderr, flush=True),  # noqa: T201
    ) as emulator:
        endpoint = await emulator.listen(options.host, options.port)
        settle_memory()
        _say({"endpoint": endpoint})
        await stop.wait()


def _end_with_owner(lifeline: int) -> None:
    """Waits until the owner's end of the pipe closes; the owner never writes to it."""
    with contextlib.suppress(OSError):
        os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE)
    os.kill(os.getpid(), signal.SIGKILL)


def _say(answer: dict[str, str]) -> None:
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    sys.stdout.buffer.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="harness.emulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--lifeline", type=int)
    parser.add_argument("--observations", type=int, default=CAPACITY, help="how many are kept in memory")
    add_elsewhere_options(parser)
    parser.add_argument("--account-concurrency", type=int, default=ACCOUNT_CONCURRENCY)
    parser.add_argument("--max-environments", type=int, default=MAX_ENVIRONMENTS)
    parser.add_argument("--debugging", type=_debugging, help="as JSON")
    add_signature_options(parser)
    return parser.parse_args()


def _debugging(text: str) -> Debugging:
    return Debugging(**orjson.loads(text))


if __name__ == "__main__":
    sys.exit(main())
