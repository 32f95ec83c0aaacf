"""Claims about the end of a connection: what $disconnect is told, what the gateway closes by itself (1.7, 1.9)."""

from contextlib import suppress

from websockets.exceptions import ConnectionClosed

from harness.parity.claim import Area
from harness.parity.doors import Client, Doors, NoAnswer

CLOSING = Area("disconnect")
_claim = CLOSING.claim
MAX_MESSAGE, MAX_FRAME = 131_072, 32_768


def _disconnected(client: Client) -> list[object]:
    """The status code and the reason that $disconnect is told."""
    context = client.next_event("DISCONNECT").context
    return [context.get("disconnectStatusCode"), context.get("disconnectReason")]


@_claim(
    "a client that leaves without a code is 1005", "X-2", aws=[1005, "Client-side close frame status not set"]
)
def _without_code(doors: Doors) -> object:
    with doors.connected() as client:
        with client.socket.send_context():
            client.socket.protocol.send_close()  # `close` of the client always sends a code
        return _disconnected(client)


@_claim("a client's close code is told as it is", "X-3", aws=[1001, ""])
def _with_code(doors: Doors) -> object:
    with doors.connected() as client:
        client.socket.close(1001)
        return _disconnected(client)


@_claim(
    "a deletion by @connections is told as 1000, Connection Closed Normally",
    "X-4",
    aws=[1000, "Connection Closed Normally"],
)
def _deleted(doors: Doors) -> object:
    with doors.connected() as client:
        client.management.delete_connection(ConnectionId=client.connection_id)
        return _disconnected(client)


def _closed_with(client: Client) -> object:
    """The code with which the gateway closes; the message, or that none came, when it does not."""
    try:
        return {"open, and answers": client.receive()}
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else "the connection was cut"
    except NoAnswer:
        return "open"


@_claim("a message of more than 128 KB closes with 1009", "Q-3", aws=1009)
def _long_message(doors: Doors) -> object:
    with doors.connected() as client:
        with suppress(ConnectionClosed):  # it may be closed before all is sent
            client.socket.send(["x" * MAX_FRAME] * 4 + ["x"])
        return _closed_with(client)


@_claim(
    "a message of 128 KB in frames of 32 KB reaches its function whole", "Q-3", "Q-4", "Q-12", aws=MAX_MESSAGE
)
def _longest_message(doors: Doors) -> object:
    with doors.connected() as client:
        client.socket.send(["x" * MAX_FRAME] * 4)
        return len(client.next_event("MESSAGE").event.get("body") or "")


@_claim("a frame of more than 32 KB closes with 1009", "Q-4", aws=1009)
def _long_frame(doors: Doors) -> object:
    with doors.connected() as client:
        with suppress(ConnectionClosed):
            client.socket.send("x" * (MAX_FRAME + 1))
        return _closed_with(client)


@_claim("a binary message closes with 1003", "Q-5", aws=1003)
def _binary(doors: Doors) -> object:
    with doors.connected() as client:
        client.socket.send(b"\x00\x01")
        return _closed_with(client)
