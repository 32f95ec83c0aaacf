"""Lines of a function's log: what a function writes cut into lines, and those that Lambda writes around them."""

from math import ceil

from harness.emulator.lambda_runtime.outcome import RequestId

LONGEST_LINE = 262_144
"""Bytes of one log event; a longer line is cut into several."""


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
    request: RequestId,
    *,
    duration: float,
    memory_size: int,
    memory_used: int,
    init_duration: float | None,
    status: str = "",
) -> str:
    """Lambda's account of an invocation; durations in seconds, `init_duration` None for a warm start.

    INIT is billed (P-9). Memory is in MB; `memory_used` of 0 was not measured and is left out.
    """
    billed = duration + (init_duration or 0.0)
    parts = [
        f"REPORT RequestId: {request}",
        f"Duration: {duration * 1000:.2f} ms",
        f"Billed Duration: {ceil(billed * 1000)} ms",
        f"Memory Size: {memory_size} MB",
    ]
    if memory_used:
        parts.append(f"Max Memory Used: {memory_used} MB")
    if init_duration is not None:
        parts.append(f"Init Duration: {init_duration * 1000:.2f} ms")
    if status:
        parts.append(f"Status: {status}")
    return "\t".join(parts)


def _text(line: bytes) -> str:
    # Within one event the Python runtime separates the lines of a traceback by carriage returns.
    return line.decode("utf-8", "replace").rstrip("\r").replace("\r", "\n")
