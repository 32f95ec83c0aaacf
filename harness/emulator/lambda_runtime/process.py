"""Process of a function: started in a group of its own, frozen, thawed, killed, its output line by line."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from harness.emulator.lambda_runtime.function_log import LineSplitter
from harness.emulator.lambda_runtime.memory import most_memory

_READ_SIZE = 65_536
_MOST_READS = 16


class FunctionProcess(asyncio.SubprocessProtocol):
    """One process and its children; `on_line` gets its output, `on_exit` the exit status at last, and once.

    A status is minus the signal's number where a signal ended the process. After a `start` that raised, and after the
    exit, the calls do nothing.
    """

    def __init__(self, on_line: Callable[[str], None], on_exit: Callable[[int], None]) -> None:
        self._on_line, self._on_exit = on_line, on_exit
        self._transport: asyncio.SubprocessTransport | None = None
        self._output = -1
        self._lines = LineSplitter()
        self._frozen = False
        self._exited = asyncio.Event()

    async def start(self, command: Sequence[str], *, variables: Mapping[str, str], folder: str) -> None:
        """Starts the process; OSError when the operating system refuses to."""
        self._output, write_end = os.pipe()
        os.set_blocking(self._output, False)
        loop = asyncio.get_running_loop()
        try:
            await loop.subprocess_exec(
                lambda: self,
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                cwd=folder,
                env=dict(variables),
                start_new_session=True,
            )
        except OSError:
            os.close(self._output)
            self._output = -1
            raise
        finally:
            os.close(write_end)
        if not self._exited.is_set():
            loop.add_reader(self._output, self._readable)

    def freeze(self) -> None:
        """Stops every thread of the group where it is (L-5)."""
        if not self._frozen:
            self._frozen = True
            self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets the group go on."""
        if self._frozen:
            self._frozen = False
            self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """Ends the whole group at once, frozen or not."""
        self._signal(signal.SIGKILL)

    def drain(self) -> None:
        """Reports what has been written by now, a line without its line feed too."""
        self._read_all()
        for line in self._lines.flush():
            self._on_line(line)

    @property
    def pid(self) -> int | None:
        """The process's id, None before its start."""
        return None if self._transport is None else self._transport.get_pid()

    def most_memory(self) -> int:
        """Bytes of memory that the process has used at its peak; 0 when that is not known (any more)."""
        return 0 if self._transport is None else most_memory(self._transport.get_pid())

    async def wait(self) -> None:
        """Returns when the process has ended and has been reaped."""
        await self._exited.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not subclasses of asyncio's.
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def process_exited(self) -> None:
        assert self._transport is not None
        status = self._transport.get_returncode()
        assert status is not None
        # What the process started and left behind belongs to its group and ends with it.
        self.kill()
        self.drain()
        self._close_output()
        self._transport.close()
        self._exited.set()
        self._on_exit(status)

    def _signal(self, number: signal.Signals) -> None:
        if self._transport is None or self._exited.is_set():
            return
        try:
            os.killpg(self._transport.get_pid(), number)
        except ProcessLookupError:
            return  # every process of the group has ended; `process_exited` says so, or has
        except PermissionError:
            return  # on macOS: only zombies are left in the group

    def _readable(self) -> None:
        if not self._read_all():
            self._close_output()

    def _read_all(self) -> bool:
        """Reports what can be read now; False at the end of the output."""
        for _ in range(_MOST_READS if self._output >= 0 else 0):
            try:
                data = os.read(self._output, _READ_SIZE)
            except BlockingIOError:
                return True
            if not data:
                return False
            for line in self._lines.feed(data):
                self._on_line(line)
            if len(data) < _READ_SIZE:
                return True
        return self._output >= 0

    def _close_output(self) -> None:
        if self._output >= 0:
            asyncio.get_running_loop().remove_reader(self._output)
            os.close(self._output)
            self._output = -1
