"""Plain and TLS on the one port, over real sockets."""

import asyncio
import errno
import socket
import ssl
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.request import urlopen

import pytest
import uvloop
from websockets.sync.client import connect

from harness.emulator.lambda_runtime.bootstrap.aws_names import is_aws_name
from harness.emulator.port import listener
from harness.emulator.port.certificates import Authority
from harness.emulator.port.http import MaybeLater, Request, Response
from harness.emulator.port.server import Adopt, Port
from tests.patience import WAIT
from tests.small_api import echo_api

AN_API = "a1b2.execute-api.us-east-1.amazonaws.com"
ASK = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


class House:
    """Doors that say whether the request came by TLS, and give its body back."""

    def answer(self, request: Request) -> MaybeLater:
        return Response(200, body=(b"secure " if request.secure else b"plain ") + request.body)

    async def upgrade(self, request: Request) -> Response | Adopt:
        raise NotImplementedError(request)


@dataclass(frozen=True, slots=True)
class Place:
    """A port that speaks both, and a client's view of its authority."""

    port: Port
    number: int
    trusting: ssl.SSLContext

    async def ask(self, name: str | None, request: bytes = ASK) -> bytes:
        """The body of the answer; over TLS to `name`, or plain for None."""
        tls = None if name is None else self.trusting
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.number, ssl=tls, server_hostname=name
        )
        writer.write(request)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer.partition(b"\r\n\r\n")[2]

    async def silent_client(self) -> socket.socket:
        """A client that has connected and says nothing."""
        client = socket.socket()
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", self.number))
        return client


Scene: TypeAlias = Callable[[Place], Coroutine[object, object, None]]


@asynccontextmanager
async def a_place(folder: Path) -> AsyncIterator[Place]:
    authority = Authority(folder, is_aws_name=is_aws_name)
    port = Port(House())
    number = await port.listen("127.0.0.1", 0, tls=authority.server_context("127.0.0.1"))
    try:
        yield Place(port, number, ssl.create_default_context(cafile=authority.ca_file))
    finally:
        await port.close()


def play(folder: Path, scene: Scene) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(WAIT), a_place(folder) as place:
            await scene(place)

    for loop_factory in (asyncio.new_event_loop, uvloop.new_event_loop):
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(bounded())


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - a port does not say when its connections end
        await asyncio.sleep(0)


def test_plain_and_tls_clients_are_answered_on_the_same_port(tmp_path: Path) -> None:
    async def scene(place: Place) -> None:
        assert await place.ask(None) == b"plain "
        assert await place.ask("localhost") == b"secure "

    play(tmp_path, scene)


@pytest.mark.parametrize(
    "name",
    [
        "localhost",
        "127.0.0.1",
        AN_API,
        "dynamodb.eu-west-1.amazonaws.com",
        "sts.amazonaws.com",
        "ws.example.com",
    ],
)
def test_the_certificate_is_for_the_name_that_the_client_asked_for(tmp_path: Path, name: str) -> None:
    async def scene(place: Place) -> None:
        assert place.trusting.check_hostname
        assert await place.ask(name) == b"secure "
        assert await place.ask(name) == b"secure "

    play(tmp_path, scene)


def test_a_client_that_does_not_trust_the_authority_gets_no_answer_and_harms_nobody(tmp_path: Path) -> None:
    async def scene(place: Place) -> None:
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection("127.0.0.1", place.number, ssl=ssl.create_default_context())
        assert await place.ask(AN_API) == b"secure "

    play(tmp_path, scene)


@pytest.mark.aws("Q-16")
def test_tls_before_1_2_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path, is_aws_name=is_aws_name)
    client_context = ssl.create_default_context(cafile=authority.ca_file)
    client_context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        client_context.minimum_version = ssl.TLSVersion.TLSv1
        client_context.maximum_version = ssl.TLSVersion.TLSv1_1
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=AN_API)
    server = authority.server_context().wrap_bio(to_server, to_client, server_side=True)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    with pytest.raises(ssl.SSLError, match="unsupported protocol"):
        server.do_handshake()
    with pytest.raises(ssl.SSLError, match="alert protocol version"):
        client.do_handshake()


@pytest.mark.aws("Q-16")
def test_tls_1_2_is_taken(tmp_path: Path) -> None:
    async def scene(place: Place) -> None:
        place.trusting.maximum_version = ssl.TLSVersion.TLSv1_2
        assert await place.ask(AN_API) == b"secure "

    play(tmp_path, scene)


def test_large_bodies_pass_through_tls(tmp_path: Path) -> None:
    async def scene(place: Place) -> None:
        body = b"x" * 1_000_000
        head = b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        assert await place.ask(AN_API, head + body) == b"secure " + body

    play(tmp_path, scene)


def test_a_client_that_says_nothing_delays_nobody(tmp_path: Path) -> None:
    async def scene(place: Place) -> None:
        silent = [await place.silent_client() for _ in range(20)]
        assert await place.ask(None) == b"plain "
        assert await place.ask(AN_API) == b"secure "
        for client in silent:
            client.close()
        await until(lambda: place.port.open_connections == 0)

    play(tmp_path, scene)


def test_a_client_that_says_nothing_is_dropped_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "FIRST_BYTE_TIMEOUT", 0.01)

    async def scene(place: Place) -> None:
        client = await place.silent_client()
        assert await asyncio.get_running_loop().sock_recv(client, 1) == b""
        client.close()
        assert place.port.open_connections == 0

    play(tmp_path, scene)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"\x16\x03\x01garbage that is no handshake", id="garbage"),
        pytest.param(b"\x16", id="one byte and nothing more"),
    ],
)
def test_a_broken_tls_handshake_ends_that_connection_alone(
    tmp_path: Path, sent: bytes, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "HANDSHAKE_TIMEOUT", 0.2)

    async def scene(place: Place) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.number)
        writer.write(sent)
        assert await place.ask(AN_API) == b"secure "
        await reader.read()
        writer.close()
        await until(lambda: place.port.open_connections == 0)

    play(tmp_path, scene)
    assert caplog.text == ""


def test_connections_are_accepted_again_after_the_system_had_no_room_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listener, "_PAUSE", 0.01)
    accept = socket.socket.accept

    async def scene(place: Place) -> None:
        full = [OSError(errno.EMFILE, "Too many open files")]

        def accept_when_there_is_room(listening: socket.socket) -> tuple[socket.socket, object]:
            if full:
                raise full.pop()
            return accept(listening)

        monkeypatch.setattr(socket.socket, "accept", accept_when_there_is_room)
        assert await place.ask(None) == b"plain "

    play(tmp_path, scene)
    assert "Too many open files" in caplog.text


def test_a_port_that_closes_drops_clients_that_have_not_begun(tmp_path: Path) -> None:
    async def scene(place: Place) -> None:
        silent = await place.silent_client()
        reader, writer = await asyncio.open_connection("127.0.0.1", place.number)
        writer.write(b"\x16\x03")
        await until(lambda: place.port.open_connections == 2)
        await place.port.close()
        assert await asyncio.get_running_loop().sock_recv(silent, 1) == b""
        with suppress(ConnectionResetError):  # what it sent was not read to the end
            assert await reader.read() == b""
        silent.close()
        writer.close()

    play(tmp_path, scene)


def test_websocket_clients_connect_by_wss(tmp_path: Path) -> None:
    with echo_api(tmp_path) as api:
        with urlopen(f"{api.endpoint}/_harness/ca.pem", timeout=WAIT) as answer:
            trusting = ssl.create_default_context(cadata=answer.read().decode())
        url = api.url.replace("ws:", "wss:", 1)
        with connect(url, ssl=trusting, open_timeout=WAIT, close_timeout=WAIT) as client:
            client.send("hello")
            assert client.recv(timeout=WAIT) == ">hello"
        by_name = f"wss://{api.api_id}.execute-api.us-east-1.amazonaws.com/dev"
        with (
            socket.create_connection(api.address) as raw,
            connect(by_name, sock=raw, ssl=trusting, open_timeout=WAIT, close_timeout=WAIT) as client,
        ):
            client.send("by name")
            assert client.recv(timeout=WAIT) == ">by name"
