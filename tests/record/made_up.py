"""Made-up histories, as large as wanted: one room, whose events reach everybody in it, in order and faultlessly."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

from harness.record.lines import LineWriter
from harness.record.observation import (
    ClientConnected,
    ClientConnecting,
    ConnectionOpened,
    ConnectionPosted,
    EventPublished,
    InvocationEnded,
    InvocationStarted,
    MessageReceived,
    Observation,
    PlatformLogged,
    RecordingBegan,
    RecordingEnded,
    Settled,
    digest_of,
)
from harness.record.store import HistoryWriter

RECEIVERS = 7
LINES_AN_EVENT = 2 * RECEIVERS + 6  # of observations
EVERY = 0.01  # seconds from one event to the next

SCENARIO = f"""
scenario: Everybody in the room sees every event
clients: {{room: {{count: {RECEIVERS}, query: {{market: BTC-PERP}}}}}}
timeline: [{{at: 0s, publish: {{type: trade, market: BTC-PERP}}}}]
"""


def write_history(path: Path, *, events: int) -> None:
    """A whole history of so many events, some `LINES_AN_EVENT` observations each."""
    inside, numbers = LineWriter(), count()
    with HistoryWriter(path) as writer:
        writer.append(RecordingBegan(0.0, clients=1, inside=0))
        for seen in _observations(events):
            if seen.__class__ in _INSIDE:
                writer.append_lines(inside.line(seen, next(numbers)))
            else:
                writer.append(seen)
        end = 3.0 + events * EVERY
        writer.append(Settled(end, "end", complete=True))
        ended = RecordingEnded(end + 1, clients=writer.next_number + 1, inside=next(numbers))
        writer.append(ended)


_INSIDE = (ConnectionOpened, ConnectionPosted, InvocationStarted, InvocationEnded, PlatformLogged)


def _observations(events: int) -> Iterator[Observation]:
    for number in range(1, RECEIVERS + 1):
        at = 0.01 * number
        yield ClientConnecting(at, f"room/{number}")
        yield ConnectionOpened(at + 0.001, f"OaKYCkpYt5EC{number:03}=", f"room/{number}")
        yield ClientConnected(at + 0.002, f"room/{number}")
    yield Settled(1.0, "start", complete=True)
    for number in range(events):
        yield from _event(number, 2.0 + number * EVERY)


def _event(number: int, at: float) -> Iterator[Observation]:
    event, request = f"e{number + 1}", f"9d3c56fd-5f60-4be7-9e33-{number:012}"
    text = (
        f'{{"type":"trade","market":"BTC-PERP","price":"{number}.5","size":"0.125","side":"buy",'
        f'"makerOrderId":"{request}","eventId":"{event}"}}'
    )
    yield EventPublished(at, at, event, "trade", ("market.BTC-PERP",), text, request[::-1])
    yield InvocationStarted(at + 0.001, request, "fan_out", messages=(request[::-1],))
    yield PlatformLogged(at + 0.001, "fan_out", f"START RequestId: {request} Version: $LATEST", request)
    payload = text.encode()
    for receiver in range(1, RECEIVERS + 1):
        connection, then = f"OaKYCkpYt5EC{receiver:03}=", at + 0.001 + receiver * 0.0005
        yield ConnectionPosted(then, connection, 200, request, len(payload), digest_of(payload))
        yield MessageReceived(then + 0.0003, f"room/{receiver}", text)
    yield PlatformLogged(at + 0.006, "fan_out", f"END RequestId: {request}", request)
    yield PlatformLogged(at + 0.006, "fan_out", f"REPORT RequestId: {request}\tDuration: 5.00 ms", request)
    yield InvocationEnded(at + 0.006, request, "fan_out")
