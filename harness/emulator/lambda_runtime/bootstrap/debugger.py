"""Debugger of Python functions: `breakpoint()` stops in the user's terminal, or in an IDE that is attached.

Runs in the function's process before anything of the function, and only when the function is debugged.
"""

import fcntl
import os
import pdb
import sys
from collections.abc import MutableMapping
from types import FrameType, TracebackType
from typing import IO, Any


def offer(variables: MutableMapping[str, str]) -> None:
    """Makes `breakpoint()` stop as the emulator asked, and takes its variables away.

    FANOUT_HARNESS_DEBUG_TERMINAL is the terminal's device; FANOUT_HARNESS_DEBUG_PORT, where an IDE attaches, goes
    before it; with FANOUT_HARNESS_DEBUG_WAITS this returns when an IDE is there. What the function's own
    PYTHONBREAKPOINT says goes before all.
    """
    terminal = variables.pop("FANOUT_HARNESS_DEBUG_TERMINAL")
    port = variables.pop("FANOUT_HARNESS_DEBUG_PORT", "")
    waits = variables.pop("FANOUT_HARNESS_DEBUG_WAITS", "")
    if port:
        _listen(int(port), waits=bool(waits))
    elif terminal and "PYTHONBREAKPOINT" not in variables:
        _stop_in(terminal)


def _listen(port: int, *, waits: bool) -> None:
    import debugpy  # type: ignore[import-not-found]  # the user's; the command line has looked for it

    debugpy.listen(("127.0.0.1", port))
    print(f"Debugger listening on 127.0.0.1:{port}", flush=True)  # noqa: T201 - the emulator reads it
    if waits:
        debugpy.wait_for_client()


def _stop_in(terminal: str) -> None:
    debugger: list[_TerminalDebugger] = []

    def stop(*_: object, **__: object) -> None:
        if not debugger:
            debugger.append(_TerminalDebugger(terminal))
        debugger[0].set_trace(sys._getframe(1))

    sys.breakpointhook = stop


class _TerminalDebugger(pdb.Pdb):
    """pdb on a terminal that is not this process's own; one process at a time talks there."""

    def __init__(self, terminal: str) -> None:
        self._input, output = _opened(terminal, os.O_RDONLY, "r"), _opened(terminal, os.O_WRONLY, "w")
        super().__init__(stdin=self._input, stdout=output, nosigint=True)
        self._talks = False

    def interaction(self, frame: FrameType | None, traceback: TracebackType | None) -> None:
        if not self._talks:
            fcntl.flock(self._input, fcntl.LOCK_EX)
            self._talks = True
            self.message(f"\nharness: {os.environ['AWS_LAMBDA_FUNCTION_NAME']} stopped; c goes on, h helps")
        super().interaction(frame, traceback)

    def set_continue(self) -> None:
        super().set_continue()
        self._fall_silent()

    def set_quit(self) -> None:
        super().set_quit()
        self._fall_silent()

    def _fall_silent(self) -> None:
        if self._talks:
            self._talks = False
            fcntl.flock(self._input, fcntl.LOCK_UN)


def _opened(terminal: str, flags: int, mode: str) -> IO[Any]:
    # It must not become this process's controlling terminal: Ctrl-C is for the harness.
    descriptor = os.open(terminal, flags | os.O_NOCTTY)
    return os.fdopen(descriptor, mode, encoding="utf-8", errors="replace")
