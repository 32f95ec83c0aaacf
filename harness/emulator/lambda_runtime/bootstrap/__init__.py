"""How a process of each runtime family is started."""

import sys
from collections.abc import Callable
from pathlib import Path

RUNTIME_DIR = str(Path(__file__).parent)
"""Where the bootstraps lie: LAMBDA_RUNTIME_DIR."""


def _python(emulator_pid: int, handler: str) -> tuple[str, ...]:
    return (sys.executable, "-s", f"{RUNTIME_DIR}/python.py", str(emulator_pid), handler)


COMMANDS: dict[str, Callable[[int, str], tuple[str, ...]]] = {"python": _python}
"""By runtime family: the command for (the emulator's process id, the handler). The interpreter is our own."""
