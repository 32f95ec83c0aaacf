"""Debugging of functions: which are debugged, where a breakpoint stops them, and how a debugger gets in.

A debugged function has one execution environment, its time-outs wait, and it is not frozen between invocations,
because a frozen process answers no debugger.
"""

import re
from dataclasses import dataclass

PATIENCE = 86_400.0
"""Seconds that stand for a time-out that waits: a day."""

_LISTENING = re.compile(r"Debugger listening on (?:ws://)?(\S+?:\d+)")


@dataclass(frozen=True, slots=True)
class Debugging:
    """What is debugged: `function` by its name in AWS, every function when it is empty.

    `terminal` is the device that `breakpoint()` of a Python function talks to (`/dev/pts/3`), "" for none. `port` is
    where an IDE's debugger finds the function: debugpy for Python, the inspector for Node; 0 lets Node choose one,
    and has Python use the terminal. `waits` starts INIT only when a debugger is there.
    """

    function: str = ""
    terminal: str = ""
    port: int = 0
    waits: bool = False

    def covers(self, function: str) -> bool:
        """Whether the function of this name is debugged."""
        return self.function in ("", function)

    def variables(self) -> dict[str, str]:
        """What our bootstrap of Python has to know; it takes these away before the function sees them."""
        port = {"FANOUT_HARNESS_DEBUG_PORT": str(self.port)} if self.port else {}
        waits = {"FANOUT_HARNESS_DEBUG_WAITS": "1"} if self.waits else {}
        return {"FANOUT_HARNESS_DEBUG_TERMINAL": self.terminal, **port, **waits}

    def node_option(self) -> str:
        """What makes Node listen for a debugger."""
        return f"--inspect{'-brk' if self.waits else ''}=127.0.0.1:{self.port}"


def listening_at(line: str) -> str | None:
    """Where a debugger can attach, when this line of a function's output says so: `127.0.0.1:9229`, or more."""
    found = _LISTENING.match(line)
    return None if found is None else found[1]
