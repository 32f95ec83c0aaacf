"""Event loop that every process of ours runs on: uvloop where it exists."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")


def settle_memory() -> None:
    """Takes what start-up made out of the garbage collector's sight, and lets it look less often.

    A full collection walks every object there is; in the middle of a fan-out that is a pause for everybody.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def run(main: Coroutine[object, object, T]) -> T:
    """Runs the coroutine to its end, as asyncio.run does."""
    if sys.platform == "win32":
        return asyncio.run(main)
    # libuv's io_uring poller is young, and a watch that is moved from one handle to another on the same socket, as
    # the one port does when it has seen a connection's first byte, must never be lost.
    os.environ.setdefault("UV_USE_IO_URING", "0")
    import uvloop

    return uvloop.run(main)


def run_until_terminated(main: Coroutine[object, object, T]) -> T:
    """As `run`, but SIGTERM cancels the coroutine too, so that it ends in order: a CI server that gives up sends it.

    KeyboardInterrupt then, as for Ctrl-C.
    """

    async def terminable() -> T:
        loop, work = asyncio.get_running_loop(), asyncio.ensure_future(main)
        loop.add_signal_handler(signal.SIGTERM, work.cancel)
        return await work

    try:
        return run(terminable())
    except asyncio.CancelledError as error:
        raise KeyboardInterrupt from error
