"""Sandbox: what of an execution environment outlives its process, its `/tmp` and its log stream (L-7)."""

import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sandbox:
    """`folder` stands for /tmp; `stream` is the last part of the log stream's name, 32 hexadecimal digits."""

    folder: Path
    stream: str

    def clear(self) -> None:
        """Removes the folder and all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
