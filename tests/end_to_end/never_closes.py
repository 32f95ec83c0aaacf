"""The `harness` command, on an emulator that is not closed until somebody interrupts."""

import asyncio
import sys

from harness.backends.embedded import EmbeddedBackend
from harness.cli import main

_close = EmbeddedBackend.close


async def _never_closes(backend: EmbeddedBackend) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        await _close(backend)


if __name__ == "__main__":
    setattr(EmbeddedBackend, "close", _never_closes)  # noqa: B010 - mypy takes no method assignment
    sys.exit(main())
