"""Bootstraps: the command that starts a process of each runtime family."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

RUNTIME_DIR = str(Path(__file__).parent)
"""Where the bootstraps lie: LAMBDA_RUNTIME_DIR."""


def _python(emulator_pid: int, handler: str, _: tuple[str, ...]) -> tuple[str, ...]:
    return (sys.executable, "-s", f"{RUNTIME_DIR}/python.py", str(emulator_pid), handler)


def _node(emulator_pid: int, _: str, options: tuple[str, ...]) -> tuple[str, ...]:
    # Python without its site packages is there in 10 ms, and what it becomes keeps the tie to the emulator.
    node = shutil.which("node") or "node"
    tied = (sys.executable, "-E", "-s", "-S", f"{RUNTIME_DIR}/node.py", str(emulator_pid))
    return (*tied, node, RUNTIME_DIR, *options)


COMMANDS: dict[str, Callable[[int, str, tuple[str, ...]], tuple[str, ...]]] = {
    "python": _python,
    "nodejs": _node,
}
"""By runtime family: the command for (the emulator's process id, the handler, options of Node).

Python's interpreter is our own.
"""


def node_options(memory_size: int) -> tuple[str, ...]:
    """Lambda's own: what V8 may fill of the function's memory (in MB) before it looks harder for garbage.

    Not recorded on AWS yet: the shares, which are those of the runtimes up to nodejs12.x.
    """
    return (f"--max-old-space-size={memory_size * 9 // 10}", f"--max-semi-space-size={memory_size // 20}")
