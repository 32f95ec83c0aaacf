"""How a process of each runtime family is started."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

RUNTIME_DIR = str(Path(__file__).parent)
"""Where the bootstraps lie: LAMBDA_RUNTIME_DIR."""


def _python(emulator_pid: int, handler: str) -> tuple[str, ...]:
    return (sys.executable, "-s", f"{RUNTIME_DIR}/python.py", str(emulator_pid), handler)


def _node(emulator_pid: int, _handler: str) -> tuple[str, ...]:
    # Python without its site packages is there in 10 ms, and what it becomes keeps the tie to the emulator.
    node = shutil.which("node") or "node"
    return (sys.executable, "-E", "-s", "-S", f"{RUNTIME_DIR}/node.py", str(emulator_pid), node, RUNTIME_DIR)


COMMANDS: dict[str, Callable[[int, str], tuple[str, ...]]] = {"python": _python, "nodejs": _node}
"""By runtime family: the command for (the emulator's process id, the handler). Python's interpreter is our own."""
