"""HTTP/1.1 response, parsed from the bytes that have arrived so far. Pure."""

import re
from dataclasses import dataclass

_STATUS = re.compile(rb"HTTP/1\.([01]) (\d{3})[ \r]")
_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection:[^\r]*\bclose\b", re.IGNORECASE)
_ERROR_TYPE = re.compile(rb"\r\nx-amzn-errortype:[ \t]*([^:\r]*)", re.IGNORECASE)
_LONGEST_HEAD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. `error_type` is the name in `x-amzn-ErrorType`, or ""; `keep_alive` says whether to go on."""

    status: int
    error_type: str = ""
    body: bytes = b""
    keep_alive: bool = True


class MalformedResponseError(ConnectionError):
    """What the peer sent is no HTTP/1.1 response."""


def parse_response(received: bytes) -> Response | None:
    """The response that the bytes hold; None while some are missing.

    A body without Content-Length is not read: its response ends the connection instead.
    """
    end = received.find(b"\r\n\r\n")
    if end < 0:
        if len(received) > _LONGEST_HEAD:
            raise MalformedResponseError("the response's header fields do not end")
        return None
    status_line = _STATUS.match(received)
    if status_line is None:
        raise MalformedResponseError(f"not an HTTP/1.1 response: {received[:40]!r}")
    head, body = received[: end + 2], received[end + 4 :]
    status, length = int(status_line[2]), _CONTENT_LENGTH.search(head)
    if length is not None and len(body) < int(length[1]):
        return None
    return Response(
        status=status,
        error_type="" if status == 200 else _error_type(head),
        body=b"" if length is None else body[: int(length[1])],
        keep_alive=_is_kept(head, status_line[1], status, length is not None),
    )


def _error_type(head: bytes) -> str:
    found = _ERROR_TYPE.search(head)
    return "" if found is None else found[1].decode("latin-1").strip()


def _is_kept(head: bytes, minor_version: bytes, status: int, has_length: bool) -> bool:
    ends_by_itself = has_length or status == 204
    return ends_by_itself and minor_version == b"1" and _CLOSE.search(head) is None
