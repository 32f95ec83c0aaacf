"""What comes of posting a message to an HTTP or HTTPS endpoint, whatever the endpoint does."""

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from harness.emulator.sns.endpoints import Delivered, Delivery, Ending, Failed, HttpEndpoints, Refused
from harness.emulator.sns.envelope import Notification
from harness.emulator.sns.publish import Publication
from harness.emulator.sns.signing import Signer
from harness.emulator.sns.topics import Subscription, Topic

ARN = "arn:aws:sns:us-east-1:000000000000:t"


def a_delivery(url: str) -> Delivery:
    """A raw one, so that nothing has to be signed."""
    notification = Notification("m", ARN, f"{ARN}:s", "hello", 0.0)
    subscription = Subscription(f"{ARN}:s", url.partition(":")[0], url, raw=True)
    return Delivery(Topic(ARN), subscription, Publication(ARN, "hello"), notification)


class Endpoint:
    """A server that answers every connection with these bytes and closes it; with TLS when it has a context."""

    def __init__(self, answer: bytes, tls: ssl.SSLContext | None = None) -> None:
        self.request = b""
        self._answer, self._tls = answer, tls

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.request = await reader.readuntil(b"hello")
        writer.write(self._answer)
        await writer.drain()
        writer.close()

    async def sent_to(self, trusted: Path) -> Ending:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        async with server:
            scheme, port = "https" if self._tls else "http", server.sockets[0].getsockname()[1]
            endpoints = HttpEndpoints(emulator=str, signer=Signer(), trusted=str(trusted))
            return await endpoints.send(a_delivery(f"{scheme}://127.0.0.1:{port}/in?a=b"))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusted(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the authority's certificate."""
    file = tmp_path_factory.mktemp("trusted") / "ca.pem"
    file.write_bytes(authority.cert_pem.bytes())
    return file


@pytest.mark.parametrize(
    ("answer", "ending"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", Delivered, id="taken"),
        pytest.param(b"HTTP/1.1 100 Continue\r\na: b\r\n\r\nHTTP/1.1 204 \r\n\r\n", Delivered, id="at last"),
        pytest.param(b"HTTP/1.1 301 Moved\r\n\r\n", Refused, id="moved"),
        pytest.param(b"HTTP/1.1 404 Not Found\r\n\r\n", Refused, id="not found"),
        pytest.param(b"HTTP/1.1 429 Slowly\r\n\r\n", Failed, id="slowly"),
        pytest.param(b"HTTP/1.1 500 Oh\r\n\r\n", Failed, id="broken"),
        pytest.param(b"", Failed, id="silent"),
        pytest.param(b"\r\n", Failed, id="an empty line"),
        pytest.param(b"SSH-2.0 200 OK\r\n\r\n", Failed, id="no HTTP"),
        pytest.param(b"HTTP/1.1 fine\r\n\r\n", Failed, id="no status"),
        pytest.param(b"H" * 100_000, Failed, id="without end"),
    ],
)
def test_what_an_endpoint_answers(trusted: Path, answer: bytes, ending: type[Ending]) -> None:
    endpoint = Endpoint(answer)

    assert isinstance(asyncio.run(endpoint.sent_to(trusted)), ending)
    assert endpoint.request.startswith(b"POST /in?a=b HTTP/1.1\r\nHost: 127.0.0.1:")


def test_an_endpoint_with_a_certificate_that_is_trusted_gets_the_message(
    authority: trustme.CA, trusted: Path
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)

    assert asyncio.run(Endpoint(b"HTTP/1.1 200 OK\r\n\r\n", tls).sent_to(trusted)) == Delivered()


def test_an_endpoint_with_another_certificate_gets_nothing(trusted: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    endpoint = Endpoint(b"HTTP/1.1 200 OK\r\n\r\n", tls)
    ending = asyncio.run(endpoint.sent_to(trusted))

    assert isinstance(ending, Failed)
    assert "certificate verify failed" in ending.why
    assert endpoint.request == b""


def test_an_endpoint_that_does_not_listen_has_failed(trusted: Path) -> None:
    async def sent() -> Ending:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        endpoints = HttpEndpoints(emulator=str, signer=Signer(), trusted=str(trusted))
        return await endpoints.send(a_delivery(f"http://127.0.0.1:{port}/"))

    ending = asyncio.run(sent())
    assert isinstance(ending, Failed)
    assert "did not answer: ConnectionRefusedError" in ending.why
