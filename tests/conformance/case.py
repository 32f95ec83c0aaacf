"""One conformance case: a number, a title, and a script of what is sent and what must come."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from tests.conformance.raw_client import Close, End, Pong, RawClient, Received, Text, close


@dataclass(frozen=True, slots=True)
class InPieces:
    """Bytes that are sent in TCP segments of `size` bytes."""

    octets: bytes
    size: int = 1


Step: TypeAlias = bytes | InPieces | Received


@dataclass(frozen=True, slots=True)
class Case:
    """A case, numbered as in the Autobahn test suite, or by the section of RFC 6455 ("RFC 5.1").

    Bytes in the script are sent, received things must come, in this order and with nothing between them. A script
    that expects no close frame goes on with a close of ours. `excluded_by` says why AWS does not do what the suite
    expects; the script then holds what AWS does.
    """

    number: str
    title: str
    script: tuple[Step, ...]
    excluded_by: str = ""

    @property
    def steps(self) -> Iterator[Step]:
        """The script with its end: both close frames, and the end of the TCP connection, by the server."""
        yield from self.script
        if not any(isinstance(step, Close) for step in self.script):
            yield from (close(1000), Close(1000))
        if End() not in self.script:
            yield End()


def play(client: RawClient, case: Case) -> tuple[list[Received], list[Received]]:
    """Plays the case; returns what had to come and what came, up to the first difference."""
    expected: list[Received] = []
    came: list[Received] = []
    for step in case.steps:
        match step:
            case bytes():
                client.send(step)
            case InPieces(octets, size):
                client.send_in_pieces(octets, size)
            case Text() | Pong() | Close() | End():
                expected.append(step)
                came.append(client.receive())
        if came != expected:
            break
    return expected, came
