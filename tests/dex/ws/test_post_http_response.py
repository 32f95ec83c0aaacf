"""Responses as they arrive on a keep-alive connection."""

import pytest

from dex.ws.http_response import MalformedResponseError, Response, parse_response

GONE = (
    b"HTTP/1.1 410 Gone\r\nx-amzn-ErrorType: GoneException:http://internal.amazon.com/\r\n"
    b"Content-Length: 0\r\n\r\n"
)
FORBIDDEN = (
    b"HTTP/1.1 403 Forbidden\r\ncontent-length: 23\r\nX-Amzn-Errortype: ForbiddenException\r\n\r\n"
    b'{"message":"Forbidden"}'
)


@pytest.mark.parametrize(
    ("received", "response"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Response(200), id="delivered"),
        pytest.param(b"HTTP/1.1 204 \r\nDate: x\r\n\r\n", Response(204), id="no content, no length"),
        pytest.param(GONE, Response(410, "GoneException"), id="gone; the type ends at its colon (K-3)"),
        pytest.param(
            FORBIDDEN, Response(403, "ForbiddenException", b'{"message":"Forbidden"}'), id="with body"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n",
            Response(200, keep_alive=False),
            id="the peer will close",
        ),
        pytest.param(
            b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", Response(200, keep_alive=False), id="HTTP/1.0"
        ),
        pytest.param(
            b"HTTP/1.1 502 Bad Gateway\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde",
            Response(502, keep_alive=False),
            id="a body without length",
        ),
        pytest.param(b"", None, id="nothing yet"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", None, id="half a head"),
        pytest.param(FORBIDDEN[:-1], None, id="not all of the body"),
    ],
)
def test_a_response_is_read_once_it_is_complete(received: bytes, response: Response | None) -> None:
    assert parse_response(received) == response


@pytest.mark.parametrize(
    "received",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 two hundred\r\n\r\n", id="no status"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"x" * 70_000, id="an endless head"),
    ],
)
def test_what_is_no_response_is_an_error(received: bytes) -> None:
    with pytest.raises(MalformedResponseError):
        parse_response(received)
