"""Sends malformed input to a running emulator, many connections at once, and sees how each ended."""

import asyncio
import contextlib
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.fuzz.inputs import Input, malformed

HUNG = 10.0  # seconds after which an input counts as one that the emulator never ended
AT_ONCE = 64
HANDSHAKES_A_SECOND = 450.0  # AWS admits 500


@dataclass(slots=True)
class Outcome:
    """How inputs ended, counted: by status, as `closed`, `hung` ...; and the numbers of those that must not be."""

    endings: Counter[str] = field(default_factory=Counter)
    suspects: list[tuple[int, str]] = field(default_factory=list)

    def note(self, number: int, ending: str) -> None:
        """One input has ended."""
        self.endings[ending] += 1
        if ending in ("hung", "500", "not connected"):
            self.suspects.append((number, ending))


async def attack(address: tuple[str, int], path: str, *, numbers: range, seed: int) -> Outcome:
    """Sends the inputs with these numbers."""
    outcome, waiting, pace = Outcome(), iter(numbers), _Pace(HANDSHAKES_A_SECOND)
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(_attacker(address, path, waiting, outcome, pace, seed))
    return outcome


async def _attacker(
    address: tuple[str, int], path: str, numbers: Iterator[int], outcome: Outcome, pace: "_Pace", seed: int
) -> None:
    for number in numbers:
        sent = malformed(seed, number, path)
        if sent.frames is not None:
            await pace.turn()
        try:
            async with asyncio.timeout(HUNG):
                ending = await _send(address, sent)
        except TimeoutError:
            ending = "hung"
        outcome.note(number, ending)


class _Pace:
    """Lets one through every so often, in order."""

    def __init__(self, rate: float) -> None:
        self._gap = 1.0 / rate
        self._next = 0.0

    async def turn(self) -> None:
        now = time.monotonic()
        self._next = max(now, self._next + self._gap)
        await asyncio.sleep(self._next - now)


async def _send(address: tuple[str, int], sent: Input) -> str:
    try:
        reader, writer = await asyncio.open_connection(*address)
    except OSError:
        return "not connected"
    try:
        return await _converse(reader, writer, sent)
    except (OSError, asyncio.IncompleteReadError):
        return "reset"
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: Input) -> str:
    await _write(writer, sent.head, sent.pieces)
    status = ""
    if sent.frames is not None:
        head = await reader.readuntil(b"\r\n\r\n")
        status = head.split(b" ", 2)[1].decode()
        if status == "101":
            await _write(writer, sent.frames, sent.pieces)
    match sent.ending:
        case "drop":
            return status or "dropped"
        case "reset":
            raw: socket.socket = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return status or "reset by us"
        case "end":
            writer.write_eof()
            answer = await reader.read(65_536)
            while await reader.read(65_536):
                pass
            return status or _status_in(answer)


async def _write(writer: asyncio.StreamWriter, octets: bytes, pieces: int) -> None:
    if not pieces or len(octets) > 2000:
        writer.write(octets)
    else:
        for start in range(0, len(octets), pieces):
            writer.write(octets[start : start + pieces])
    await writer.drain()


def _status_in(answer: bytes) -> str:
    line = answer.split(b"\r\n", 1)[0].split(b" ")
    return line[1].decode("latin-1") if len(line) > 2 and line[0].startswith(b"HTTP/") else "closed"
