"""The one port over real sockets: order, slow and half-closed clients, defects behind a door."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TypeAlias

import pytest
import uvloop

from harness.emulator.port.http import MaybeLater, Request, Response
from harness.emulator.port.server import Adopt, Port, wire
from tests.patience import WAIT

Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HANDSHAKE = b"GET /open HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


class Echo(asyncio.Protocol):
    """What a connection speaks after its upgrade."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.write(b"switched:")

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


class House:
    """Doors that answer what the path says; `/later` waits for its key."""

    def __init__(self) -> None:
        self.key = asyncio.Event()
        self.asked: list[str] = []
        self.reached = asyncio.Event()

    def answer(self, request: Request) -> MaybeLater:
        self.asked.append(request.path)
        self.reached.set()
        match request.path:
            case "/later":
                return self._later()
            case "/broken":
                raise LookupError("a defect")
            case "/broken-later":
                return self._broken()
            case "/large":
                return Response(200, body=b"x" * 1_000_000)
        return Response(200, body=request.path.encode() + request.body)

    async def _later(self) -> Response:
        await self.key.wait()
        return Response(200, body=b"later")

    async def _broken(self) -> Response:
        await asyncio.sleep(0)
        raise LookupError("a defect")

    async def upgrade(self, request: Request) -> Response | Adopt:
        self.reached.set()
        match request.path:
            case "/closed":
                return Response(403, body=b"no")
            case "/broken":
                raise LookupError("a defect")
        await self.key.wait()
        return self._adopt

    def _adopt(self, transport: asyncio.Transport) -> asyncio.Protocol:
        protocol = Echo(transport)
        transport.set_protocol(protocol)
        return protocol


@asynccontextmanager
async def a_port(house: House) -> AsyncIterator[Callable[[], Awaitable[Streams]]]:
    port = Port(house)
    number = await port.listen("127.0.0.1", 0)
    writers: list[asyncio.StreamWriter] = []

    async def connect() -> Streams:
        reader, writer = await asyncio.open_connection("127.0.0.1", number)
        writers.append(writer)
        return reader, writer

    try:
        yield connect
    finally:
        for writer in writers:
            writer.transport.abort()
        await port.close()


def play(scene: Callable[[House, Callable[[], Awaitable[Streams]]], Coroutine[object, object, None]]) -> None:
    async def bounded() -> None:
        house = House()
        async with asyncio.timeout(WAIT), a_port(house) as connect:
            await scene(house, connect)

    for loop_factory in (asyncio.new_event_loop, uvloop.new_event_loop):
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(bounded())


def get(path: str, *fields: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: h", *fields, "", ""]).encode()


async def answer_of(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    assert length is not None
    return int(head.split()[1]), await reader.readexactly(int(length[1]))


def test_answers_come_in_the_order_of_the_requests() -> None:
    async def scene(house: House, connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(get("/later") + get("/a") + get("/b"))
        await house.reached.wait()
        assert house.asked == ["/later"]
        house.key.set()
        assert [await answer_of(reader) for _ in range(3)] == [(200, b"later"), (200, b"/a"), (200, b"/b")]

    play(scene)


def test_a_refusal_waits_for_the_answers_before_it() -> None:
    async def scene(house: House, connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(get("/later") + b"\x00garbage\r\n\r\n")
        await house.reached.wait()
        house.key.set()
        assert [await answer_of(reader), await answer_of(reader)] == [(200, b"later"), (400, b"")]
        assert await reader.read() == b""

    play(scene)


def test_a_handshake_waits_for_the_answers_before_it() -> None:
    async def scene(house: House, connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(get("/later") + HANDSHAKE + b"early")
        await house.reached.wait()
        house.key.set()
        assert await answer_of(reader) == (200, b"later")
        assert await reader.readexactly(len(b"switched:early")) == b"switched:early"

    play(scene)


def test_bytes_that_come_during_a_handshake_are_read_after_it() -> None:
    async def scene(house: House, connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(HANDSHAKE + b"one ")
        await house.reached.wait()
        writer.write(b"two ")
        await writer.drain()
        house.key.set()
        writer.write(b"three")
        expected = b"switched:one two three"
        assert await reader.readexactly(len(expected)) == expected

    play(scene)


@pytest.mark.parametrize(("path", "status"), [("/closed", 403), ("/broken", 500)])
def test_a_refused_handshake_ends_the_connection(path: str, status: int) -> None:
    async def scene(house: House, connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(HANDSHAKE.replace(b"/open", path.encode()))
        assert (await answer_of(reader))[0] == status
        assert await reader.read() == b""

    play(scene)


@pytest.mark.parametrize("path", ["/broken", "/broken-later"])
def test_a_defect_behind_a_door_is_a_500_and_nobody_else_notices(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(house: House, connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        other_reader, other = await connect()
        writer.write(get(path) + get("/a"))
        assert (await answer_of(reader))[0] == 500
        assert await reader.read() == b""
        other.write(get("/a"))
        assert await answer_of(other_reader) == (200, b"/a")

    play(scene)
    assert "LookupError: a defect" in caplog.text


def test_a_client_that_ended_its_side_still_gets_its_answer() -> None:
    async def scene(house: House, connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(get("/later") + get("/a"))
        writer.write_eof()
        await house.reached.wait()
        house.key.set()
        assert [await answer_of(reader), await answer_of(reader)] == [(200, b"later"), (200, b"/a")]
        assert await reader.read() == b""

    play(scene)


def test_a_client_that_does_not_read_is_not_answered_further_and_blocks_nobody() -> None:
    async def scene(house: House, connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a ReadTransport too
        writer.write(get("/large") * 50)
        other_reader, other = await connect()
        other.write(get("/a"))
        assert await answer_of(other_reader) == (200, b"/a")
        assert house.asked.count("/large") < 50
        writer.transport.resume_reading()  # type: ignore[attr-defined]  # a ReadTransport too
        answers = [await answer_of(reader) for _ in range(50)]
        assert {(status, len(body)) for status, body in answers} == {(200, 1_000_000)}

    play(scene)


def test_more_requests_than_may_wait_are_all_answered() -> None:
    async def scene(house: House, connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(get("/later") + get("/a") * 500)
        await house.reached.wait()
        house.key.set()
        answers = [await answer_of(reader) for _ in range(501)]
        assert answers == [(200, b"later"), *[(200, b"/a")] * 500]

    play(scene)


def test_a_client_that_waits_with_its_body_is_asked_for_it() -> None:
    async def scene(house: House, connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"abc")
        assert await answer_of(reader) == (200, b"/pabc")

    play(scene)


def test_a_client_that_is_refused_while_it_sends_reads_why() -> None:
    async def scene(house: House, connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n")
        for _ in range(8):
            writer.write(b"x" * 65_536)
            await writer.drain()
        assert await answer_of(reader) == (413, b"")
        assert await reader.read() == b""

    play(scene)


def test_an_answer_to_head_has_no_body() -> None:
    async def scene(house: House, connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(get("/a").replace(b"GET", b"HEAD") + get("/b"))
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"Content-Length: 2\r\n" in head
        assert await answer_of(reader) == (200, b"/b")

    play(scene)


WIRES = {
    "a body": (
        Response(200, (("X", "y"),), b"abc"),
        b"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nabc",
    ),
    "no content has no length": (
        Response(204),
        b"HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n",
    ),
    "a status without a phrase": (
        Response(599),
        b"HTTP/1.1 599 \r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
    ),
    "a value that breaks its line cannot add fields": (
        Response(200, (("X", "y\r\nSet-Cookie: z"),)),
        b"HTTP/1.1 200 OK\r\nX: y Set-Cookie: z\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
    ),
}


@pytest.mark.parametrize(("response", "expected"), WIRES.values(), ids=WIRES)
def test_responses_on_the_wire(response: Response, expected: bytes) -> None:
    assert re.sub(rb"Date: [^\r]+\r\n", b"", wire(response, keep_alive=True)) == expected


def test_the_length_that_head_answers_is_kept() -> None:
    response = Response(200, (("Content-Length", "77"),))
    sent = wire(response, keep_alive=False, is_head=True)
    expected = b"HTTP/1.1 200 OK\r\nContent-Length: 77\r\nConnection: close\r\n\r\n"
    assert re.sub(rb"Date: [^\r]+\r\n", b"", sent) == expected
