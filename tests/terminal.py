"""A person at a terminal, for whatever asks for one."""

import asyncio
import os
import pty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.patience import WAIT


class Terminal:
    """What is shown on it can be waited for, and lines can be typed; `device` is for the program's standard input."""

    def __init__(self) -> None:
        self._person, self.device = pty.openpty()
        self.name = os.ttyname(self.device)
        self._read = ""

    async def shows(self, text: str) -> str:
        """Waits until the text is there, and returns what came up to it."""
        async with asyncio.timeout(WAIT):
            while text not in self._read:
                self._read += await self._more()
        read, _, self._read = self._read.partition(text)
        return read + text

    async def _more(self) -> str:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._person, ready.set_result, None)
        try:
            await ready
        finally:
            loop.remove_reader(self._person)
        return os.read(self._person, 4096).decode()

    def type(self, line: str) -> None:
        """Types the line and the return key."""
        os.write(self._person, f"{line}\n".encode())

    def close(self) -> None:
        """Hangs up."""
        os.close(self._person)
        os.close(self.device)


@asynccontextmanager
async def a_terminal() -> AsyncIterator[Terminal]:
    """A terminal that is there as long as the context."""
    terminal = Terminal()
    try:
        yield terminal
    finally:
        terminal.close()
