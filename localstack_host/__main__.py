"""`python -m localstack_host`: a LocalStack without Docker, until Ctrl-C or SIGTERM.

Prints the endpoint on a line of its own once it answers; with `--install` it is only installed. Exit codes: 0 when
it was told to stop, 2 when something is missing on this machine, 4 when LocalStack does not start or ends by itself.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path

from localstack_host.host import DidNotStart, LocalStack, running
from localstack_host.installation import CannotInstall, cache_folder, installed


def main() -> int:
    options = _options()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        installation = installed(options.cache, _note)
        if options.install:
            return 0
        with running(installation, port=options.port) as localstack:
            return _serve(localstack, stop)
    except CannotInstall as error:
        _note(str(error))
        return 2
    except DidNotStart as error:
        _note(str(error))
        return 4


def _serve(localstack: LocalStack, stop: threading.Event) -> int:
    sys.stdout.write(f"{localstack.endpoint}\n")
    sys.stdout.flush()
    threading.Thread(target=_tell_of_its_end, args=(localstack, stop), daemon=True).start()
    stop.wait()
    if localstack.process.poll() is None:
        return 0
    _note(f"LocalStack ended by itself, with exit code {localstack.process.returncode}")
    return 4


def _tell_of_its_end(localstack: LocalStack, stop: threading.Event) -> None:
    localstack.process.wait()
    stop.set()


def _note(text: str) -> None:
    sys.stderr.write(f"localstack_host: {text}\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="localstack_host", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=0, help="where it listens on 127.0.0.1 (default: a free port)"
    )
    parser.add_argument("--cache", type=Path, default=cache_folder(), help="where it is installed")
    parser.add_argument("--install", action="store_true", help="install it, and start nothing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
