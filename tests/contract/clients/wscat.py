"""wscat in a terminal of its own: what it shows, and what is typed into it."""

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.contract.sdk.sdks import FOLDER
from tests.patience import WAIT

_CONTROL = re.compile(r"\x1b\[\d*[A-Za-z]")
_PROGRAM = FOLDER / "node_modules" / "wscat" / "bin" / "wscat"


class Wscat:
    """One running wscat."""

    def __init__(self, process: "subprocess.Popen[bytes]", screen: int) -> None:
        self._process, self._screen = process, screen
        self._shown = ""

    def type(self, line: str) -> None:
        """Types a line, with Enter."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def leave(self) -> None:
        """Ends its input, as Ctrl-D does."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def shows(self, pattern: str) -> str:
        """What the pattern's first group matches on the screen, from where the last match ended."""
        until = time.monotonic() + WAIT
        while (found := re.search(pattern, self._shown)) is None:
            ready, _, _ = select.select([self._screen], [], [], max(0.0, until - time.monotonic()))
            assert ready, f"wscat did not show {pattern!r}, but {self._shown!r}"
            self._shown += self._more()
        self._shown = self._shown[found.end() :]
        return found[1] if found.re.groups else found[0]

    def _more(self) -> str:
        try:
            came = os.read(self._screen, 65_536)
        except OSError as error:  # how a pseudo-terminal says that its program has ended
            raise AssertionError(f"wscat ended; it had shown {self._shown!r}") from error
        return _CONTROL.sub("", came.decode())


@contextmanager
def wscat(url: str, *options: str) -> Iterator[Wscat]:
    """wscat, connecting to the URL."""
    screen, terminal = pty.openpty()
    command = ["node", str(_PROGRAM), "--no-color", "--connect", url, *options]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=terminal, stderr=terminal)
    os.close(terminal)
    with process:
        try:
            yield Wscat(process, screen)
        finally:
            process.kill()
            os.close(screen)
