"""Benches: what a test of a part of the emulator works on, set up and taken down within the test's own loop."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

Bench = TypeVar("Bench")


def on(
    a_bench: Callable[[], AbstractAsyncContextManager[Bench]],
) -> Callable[[Callable[[Bench], Awaitable[None]]], Callable[[], None]]:
    """Runs the decorated test on a bench of its own."""

    def decorate(test: Callable[[Bench], Awaitable[None]]) -> Callable[[], None]:
        async def main() -> None:
            async with a_bench() as bench:
                await test(bench)

        def run() -> None:
            asyncio.run(main())

        run.__name__ = test.__name__
        run.__doc__ = test.__doc__
        return run

    return decorate
