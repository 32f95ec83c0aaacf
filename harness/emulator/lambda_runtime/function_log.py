"""What a function wrote, and what Lambda writes around it: the lines of its log, newest last."""

from collections import deque
from dataclasses import dataclass
from math import ceil

from harness.emulator.lambda_runtime.outcome import RequestId

LONGEST_LINE = 262_144
"""Bytes of one log event; a longer line is cut into several."""

_TAIL_SIZE = 4096


@dataclass(frozen=True, slots=True)
class LogLine:
    """One log event; `at` in seconds since the epoch, `request` None for what no invocation wrote."""

    at: float
    line: str
    request: RequestId | None = None


class FunctionLog:
    """The last `capacity` lines of one function, over all its environments."""

    def __init__(self, capacity: int = 20_000) -> None:
        self._lines: deque[LogLine] = deque(maxlen=capacity)

    def add(self, line: LogLine) -> None:
        self._lines.append(line)

    def lines(self, request: RequestId | None = None) -> tuple[LogLine, ...]:
        """All lines, or those of one invocation; oldest first."""
        return tuple(line for line in self._lines if request is None or line.request == request)

    def tail(self, request: RequestId) -> bytes:
        """The last 4 KB of an invocation's lines, as `X-Amz-Log-Result` carries them before base64."""
        text = "".join(f"{line.line}\n" for line in self.lines(request))
        return text.encode()[-_TAIL_SIZE:]


class LineSplitter:
    """Cuts a stream of bytes into lines, without their line feeds."""

    __slots__ = ("_partial",)

    def __init__(self) -> None:
        self._partial = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) > LONGEST_LINE:
            lines.append(self._partial)
            self._partial = b""
        return [_text(line) for line in lines]

    def flush(self) -> list[str]:
        """The line that has no line feed yet, if there is one."""
        partial, self._partial = self._partial, b""
        return [_text(partial)] if partial else []


def start_line(request: RequestId, version: str) -> str:
    """What Lambda writes before an invocation."""
    return f"START RequestId: {request} Version: {version}"


def end_line(request: RequestId) -> str:
    """What Lambda writes after an invocation."""
    return f"END RequestId: {request}"


def report_line(
    request: RequestId, *, duration: float, memory_size: int, init_duration: float | None, status: str = ""
) -> str:
    """Lambda's account of an invocation; durations in seconds, `init_duration` None for a warm start.

    INIT is billed (P-9). Memory used is not measured, so it is left out.
    """
    billed = duration + (init_duration or 0.0)
    parts = [
        f"REPORT RequestId: {request}",
        f"Duration: {duration * 1000:.2f} ms",
        f"Billed Duration: {ceil(billed * 1000)} ms",
        f"Memory Size: {memory_size} MB",
    ]
    if init_duration is not None:
        parts.append(f"Init Duration: {init_duration * 1000:.2f} ms")
    if status:
        parts.append(f"Status: {status}")
    return "\t".join(parts)


def _text(line: bytes) -> str:
    # Within one event the Python runtime separates the lines of a traceback by carriage returns.
    return line.decode("utf-8", "replace").rstrip("\r").replace("\r", "\n")
