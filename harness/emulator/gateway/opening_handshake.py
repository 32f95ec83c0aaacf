"""Opening handshake of RFC 6455: the checks on a request, the 101 and the refusals."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formatdate

import orjson
from websockets.exceptions import InvalidHeaderFormat, NegotiationError
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.headers import parse_extension
from websockets.typing import ExtensionParameter
from websockets.utils import accept_key

from harness.emulator.gateway.integration_responses import FORBIDDEN, Refuse
from harness.emulator.port.http import Headers, Request, Response, json_response

_DEFLATE = "permessage-deflate"
_ERROR_TYPES = {
    400: "BadRequestException",
    401: "UnauthorizedException",
    403: "ForbiddenException",
    429: "LimitExceededException",
    500: "InternalServerErrorException",
    502: "InternalServerErrorException",
    504: "InternalServerErrorException",
}


@dataclass(frozen=True, slots=True)
class OpeningHandshake:
    """A valid opening handshake: the client's key, and its offers of permessage-deflate in order."""

    key: str
    deflate_offers: tuple[tuple[ExtensionParameter, ...], ...] = ()


def read_opening_handshake(request: Request, *, url_length: int) -> OpeningHandshake | Refuse:
    """The handshake in a request, or how the request is refused."""
    headers = request.headers
    if len(request.target) > url_length:  # U-7
        return Refuse(414, "Request-URI Too Long")
    if request.method != "GET":
        return Refuse(403, FORBIDDEN)
    if not (_has_token(headers, "Connection", "upgrade") and _has_token(headers, "Upgrade", "websocket")):
        # Not recorded on AWS yet: a plain GET to a WebSocket URL.
        return Refuse(426, "Upgrade Required")
    key = headers.get("Sec-WebSocket-Key")
    if not _is_key(key) or headers.get("Sec-WebSocket-Version") != "13":
        # Not recorded on AWS yet: a handshake that breaks RFC 6455.
        return Refuse(400, "Bad Request")
    return OpeningHandshake(key, _deflate_offers(headers))


def switching_protocols(
    handshake: OpeningHandshake, *, subprotocol: str | None, time: float
) -> tuple[bytes, tuple[Extension, ...]]:
    """The 101 in bytes, with AWS's header names and order (C-10), and the extensions it agrees to.

    `time` is wall time in seconds. permessage-deflate is agreed to when it was offered (C-11).
    """
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        f"Date: {formatdate(time, usegmt=True)}",
        "Connection: upgrade",
        "upgrade: websocket",
        f"sec-websocket-accept: {accept_key(handshake.key)}",
    ]
    agreed = _negotiate(handshake.deflate_offers)
    if agreed is not None:
        lines.append(f"sec-websocket-extensions: {agreed[0]}")
    if subprotocol is not None:
        lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
    head = "\r\n".join((*lines, "", "")).encode("latin-1")
    return head, () if agreed is None else (agreed[1],)


def refusal(refuse: Refuse) -> Response:
    """The response to a handshake that is refused; without a message its body is empty (C-3, C-9)."""
    error_type = refuse.error_type or _ERROR_TYPES.get(refuse.status)
    headers = (("Upgrade", "websocket"),) if refuse.status == 426 else ()
    if not refuse.message:
        return Response(refuse.status, headers)
    if error_type is not None:
        headers = (*headers, ("x-amzn-ErrorType", error_type))
    return json_response(refuse.status, orjson.dumps({"message": refuse.message}), headers)


def _has_token(headers: Headers, name: str, token: str) -> bool:
    values = ",".join(headers.get_all(name)).split(",")
    return any(value.strip().lower() == token for value in values)


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def _deflate_offers(headers: Headers) -> tuple[tuple[ExtensionParameter, ...], ...]:
    offers: list[tuple[ExtensionParameter, ...]] = []
    for value in headers.get_all("Sec-WebSocket-Extensions"):
        try:
            offered = parse_extension(value)
        except InvalidHeaderFormat:
            continue  # Not recorded on AWS yet: an offer that cannot be read; it is declined.
        offers += [tuple(parameters) for name, parameters in offered if name == _DEFLATE]
    return tuple(offers)


def _negotiate(offers: Sequence[tuple[ExtensionParameter, ...]]) -> tuple[str, Extension] | None:
    factory = ServerPerMessageDeflateFactory(compress_settings={"memLevel": 5})
    for offer in offers:
        # AWS's answer leaves the client's own window alone; the frames it then sends to clients that asked for a
        # smaller server window cannot be decoded (C-11), which helps nobody: ours can.
        parameters = [parameter for parameter in offer if parameter[0] != "client_max_window_bits"]
        try:
            agreed, extension = factory.process_request_params(parameters, [])
        except NegotiationError:
            continue
        texts = (name if value is None else f"{name}={value}" for name, value in agreed)
        return ";".join((_DEFLATE, *texts)), extension
    return None
