"""Faults of a fan-out: each takes a backend's module and changes one of its functions, as a defect would.

`nth()` says of each case whether it is one to be spoilt: every one, every tenth, every three hundredth, counted in
the process. What is deployed is this file beside the backend's own, so it imports nothing of ours.
"""

import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import boto3

App: TypeAlias = Any  # the module of a backend
Nth: TypeAlias = Callable[[], bool]
Fault: TypeAlias = Callable[[App, Nth], None]
Event: TypeAlias = Mapping[str, Any]

STRANGERS = "garden"
"""The room that no event of a stimulus goes to."""


def every(rate: int) -> Nth:
    """True in each so-manieth call; of several threads each gets a number of its own."""
    numbers = itertools.count(1)
    return lambda: next(numbers) % rate == 0


# --- who is sent what ---------------------------------------------------------------------------------------


def drop(app: App, nth: Nth) -> None:
    """A push is left out."""
    send = app.send

    def broken(connection: str, text: str) -> None:
        if not nth():
            send(connection, text)

    app.send = broken


def duplicate(app: App, nth: Nth) -> None:
    """A push is made twice."""
    send = app.send

    def broken(connection: str, text: str) -> None:
        send(connection, text)
        if nth():
            send(connection, text)

    app.send = broken


def misroute(app: App, nth: Nth) -> None:
    """A push goes to somebody of another room instead."""
    send = app.send

    def broken(connection: str, text: str) -> None:
        send(app.receivers(STRANGERS)[0] if nth() else connection, text)

    app.send = broken


def _leaking(change: Callable[[str], str]) -> Fault:
    """Somebody of another room is sent the push too, changed."""

    def fault(app: App, nth: Nth) -> None:
        send = app.send

        def broken(connection: str, text: str) -> None:
            send(connection, text)
            if nth():
                send(app.receivers(STRANGERS)[0], change(text))

        app.send = broken

    return fault


def invent(app: App, nth: Nth) -> None:
    """After a push the same client is sent an event that nobody published."""
    send = app.send

    def broken(connection: str, text: str) -> None:
        send(connection, text)
        if nth():
            send(connection, re.sub(r'("eventId":\s*)"[^"]*"', r'\1"made-up"', text))

    app.send = broken


# --- what is sent -------------------------------------------------------------------------------------------


def _sending(change: Callable[[str], str]) -> Fault:
    """A push has another content."""

    def fault(app: App, nth: Nth) -> None:
        send = app.send

        def broken(connection: str, text: str) -> None:
            send(connection, change(text) if nth() else text)

        app.send = broken

    return fault


def _replacing(pattern: str, by: str) -> Callable[[str], str]:
    """The text with the pattern replaced; ValueError where it does not occur, so that no fault is none."""

    def change(text: str) -> str:
        changed, times = re.subn(pattern, by, text)
        if not times:
            raise ValueError(f"{pattern} does not occur in {text}")
        return changed

    return change


def _own_json(text: str) -> str:
    """Some of the event, in words of the handler's own."""
    price = re.search(r'"price":\s*([\d.]+)', text)
    return json.dumps({"kind": "tick", "p": price and price[1]})


def _batch(text: str) -> str:
    return f'{{"batch": [{text}]}}'


without_id = _replacing(r'"eventId":\s*"[^"]*",\s*|,\s*"eventId":\s*"[^"]*"', "")


def stale(app: App, nth: Nth) -> None:
    """A push has the content of the event before, from a variable that outlives the invocation."""
    payload, send, texts = app.payload, app.send, [""]

    def remembering(text: str) -> object:
        texts[:] = [texts[-1], payload(text)]
        return texts[-1]

    def broken(connection: str, text: str) -> None:
        send(connection, texts[0] if texts[0] and nth() else text)

    app.payload, app.send = remembering, broken


def wrong_id(app: App, nth: Nth) -> None:
    """A push has the id of the event before."""
    payload, send, ids = app.payload, app.send, [""]

    def remembering(text: str) -> object:
        ids[:] = [ids[-1], json.loads(text)["eventId"]]
        return payload(text)

    def broken(connection: str, text: str) -> None:
        send(connection, text.replace(ids[1], ids[0]) if ids[0] and nth() else text)

    app.payload, app.send = remembering, broken


# --- when it is sent ----------------------------------------------------------------------------------------


def _holding_back(*, first: bool) -> Fault:
    """A push waits for the next invocation, which makes it before its own pushes or after them."""

    def fault(app: App, nth: Nth) -> None:
        send, fan_out = app.send, app.fan_out
        held: list[tuple[str, str]] = []

        def send_held(pushes: list[tuple[str, str]]) -> None:
            for push in pushes:
                send(*push)

        def broken_fan_out(event: Event, context: object) -> None:
            due = held[:]
            held.clear()
            if first:
                send_held(due)
            fan_out(event, context)
            if not first:
                send_held(due)

        def broken_send(connection: str, text: str) -> None:
            if nth():
                held.append((connection, text))
            else:
                send(connection, text)

        app.fan_out, app.send = broken_fan_out, broken_send

    return fault


def return_early(app: App, nth: Nth) -> None:
    """The handler returns while a thread still waits to push: Lambda freezes both."""
    broadcast = app.broadcast

    def broken(text: str) -> None:
        if nth():
            threading.Timer(1.0, broadcast, (text,)).start()
        else:
            broadcast(text)

    app.broadcast = broken


def slow(app: App, nth: Nth) -> None:
    """Before a push something else is waited for."""
    send = app.send

    def broken(connection: str, text: str) -> None:
        if nth():
            time.sleep(3.0)
        send(connection, text)

    app.send = broken


def first_record_only(app: App, nth: Nth) -> None:
    """Of a batch the first record is taken for all."""
    fan_out = app.fan_out

    def broken(event: Event, context: object) -> None:
        fan_out({"Records": event["Records"][:1] if nth() else event["Records"]}, context)

    app.fan_out = broken


# --- where it is sent ---------------------------------------------------------------------------------------


def _at(address: Callable[[str], str]) -> Fault:
    """A push is posted to another address; what is answered is printed, and nobody reads it."""

    def fault(app: App, nth: Nth) -> None:
        send = app.send
        right = str(app.api.meta.endpoint_url)
        elsewhere: Any = boto3.client("apigatewaymanagementapi", endpoint_url=address(right))

        def broken(connection: str, text: str) -> None:
            if not nth():
                send(connection, text)
                return
            try:
                elsewhere.post_to_connection(ConnectionId=connection, Data=text.encode())
            except Exception as error:
                print("not sent:", error)

        app.send = broken

    return fault


# --- errors -------------------------------------------------------------------------------------------------


def swallow(app: App, nth: Nth) -> None:
    """That a push failed is nobody's business, whatever it was; here it is always a 410."""

    def broken(connection: str, text: str) -> None:
        try:
            app.send(connection, text)
        except app.api.exceptions.GoneException:
            if not nth():
                app.forget(connection)

    app.deliver = broken


def raise_after(app: App, nth: Nth) -> None:
    """An event is pushed, then the bookkeeping fails."""
    broadcast = app.broadcast

    def broken(text: str) -> None:
        broadcast(text)
        if nth():
            raise RuntimeError("the metrics server is not there")

    app.broadcast = broken


def _answering(handler: str, answer: object) -> Fault:
    """A route's handler does its work and returns something else."""

    def fault(app: App, nth: Nth) -> None:
        right = getattr(app, handler)

        def broken(event: Event, context: object) -> object:
            answered = right(event, context)
            return answer if nth() else answered

        setattr(app, handler, broken)

    return fault


# --- rows ---------------------------------------------------------------------------------------------------


def keep_row(app: App, nth: Nth) -> None:
    """A row that has to be deleted stays."""
    forget = app.forget

    def broken(connection: str) -> None:
        if not nth():
            forget(connection)

    app.forget = broken


def wrong_row(app: App, nth: Nth) -> None:
    """Instead of a connection's row that of somebody else is deleted."""
    forget = app.forget

    def broken(connection: str) -> None:
        forget(app.receivers(STRANGERS)[0] if nth() else connection)

    app.forget = broken


def recreate_row(app: App, nth: Nth) -> None:
    """After a connection's row was deleted, a note about it writes it again."""
    forget, noting = app.forget, threading.local()

    def broken(connection: str) -> None:
        forget(connection)
        if getattr(noting, "now", False) or not nth():
            return
        noting.now = True  # writing a row may begin with deleting one
        app.remember(connection, "kitchen")
        noting.now = False

    app.forget = broken


def purge_live(app: App, nth: Nth) -> None:
    """After a push that succeeded the row of its receiver is deleted."""
    send = app.send

    def broken(connection: str, text: str) -> None:
        send(connection, text)
        if nth():
            app.forget(connection)

    app.send = broken


def post_to_gone(app: App, nth: Nth) -> None:
    """Who was purged is kept in a list in memory, and posted to with each event."""
    forget, broadcast, gone = app.forget, app.broadcast, set()

    def remembering(connection: str) -> None:
        forget(connection)
        gone.add(connection)

    def broken(text: str) -> None:
        before = sorted(gone)
        broadcast(text)
        for connection in before:
            if nth():
                app.deliver(connection, app.payload(text))

    app.forget, app.broadcast = remembering, broken


def no_row(app: App, nth: Nth) -> None:
    """A connection is accepted and not written down."""
    remember = app.remember

    def broken(connection: str, room: str) -> None:
        if room != "kitchen" or not nth():
            remember(connection, room)

    app.remember = broken


def wrong_room(app: App, nth: Nth) -> None:
    """A connection is written down for another room than it asked for."""
    remember = app.remember

    def broken(connection: str, room: str) -> None:
        remember(connection, "kitchen" if room == STRANGERS and nth() else room)

    app.remember = broken


def old_room_stays(app: App, nth: Nth) -> None:
    """Who moves to another room stays in the old one as well."""
    keep_row(app, nth)


def _lifetime(seconds: Callable[[], float]) -> Fault:
    """Rows expire at another time."""

    def fault(app: App, nth: Nth) -> None:
        remember, right = app.remember, app.LIFETIME

        def broken(connection: str, room: str) -> None:
            app.LIFETIME = int(seconds()) if nth() else right
            remember(connection, room)

        app.remember = broken

    return fault


def other_expiry(app: App, nth: Nth) -> None:
    """Rows expire by an attribute that the table's TTL does not know."""
    app.EXPIRY = "expiresAt"


FAULTS: Mapping[str, Fault] = {
    "drop": drop,
    "duplicate": duplicate,
    "misroute": misroute,
    "leak": _leaking(lambda text: text),
    "leak-without-id": _leaking(without_id),
    "leak-in-a-batch": _leaking(_batch),
    "leak-in-own-words": _leaking(_own_json),
    "invent": invent,
    "strip-id": _sending(without_id),
    "own-json": _sending(_own_json),
    "truncate": _sending(lambda text: text[:-1]),
    "add-member": _sending(_replacing(r'"room":', '"debug": true, "room":')),
    "lose-member": _sending(_replacing(r'"text":\s*"hello",\s*', "")),
    "alter-string": _sending(_replacing("hello", "Hello")),
    "alter-number": _sending(_replacing(r'("price":\s*)0\.1\b', r"\g<1>0.11")),
    "alter-number-beyond-a-double": _sending(
        _replacing(r'("price":\s*)0\.1\b', r"\g<1>0.10000000000000000001")
    ),
    "alter-whole-number": _sending(_replacing("9007199254740993", "9007199254740992")),
    "number-as-string": _sending(_replacing(r'("price":\s*)(0\.1\b)', r'\1"\2"')),
    "repeat-member": _sending(_replacing(r'"price":\s*0\.1\b', '"price":666,"price":0.1')),
    "stale": stale,
    "wrong-id": wrong_id,
    "late": _holding_back(first=True),
    "reorder": _holding_back(first=False),
    "return-early": return_early,
    "slow": slow,
    "first-record-only": first_record_only,
    "wrong-stage": _at(lambda right: right.rpartition("/")[0] + "/elsewhere"),
    "no-stage": _at(lambda right: right.rpartition("/")[0]),
    "unset-endpoint": _at(lambda right: "/".join(right.split("/")[:3]) + "/None"),
    "swallow": swallow,
    "raise-after": raise_after,
    "connect-answers-none": _answering("connect", None),
    "connect-answers-500": _answering("connect", {"statusCode": 500}),
    "subscribe-answers-500": _answering("subscribe", {"statusCode": 500}),
    "disconnect-answers-500": _answering("disconnect", {"statusCode": 500}),
    "never-delete": keep_row,
    "keep-row": keep_row,
    "wrong-row": wrong_row,
    "recreate-row": recreate_row,
    "recreate-after-disconnect": recreate_row,
    "purge-live": purge_live,
    "post-to-gone": post_to_gone,
    "no-row": no_row,
    "wrong-room": wrong_room,
    "old-room-stays": old_room_stays,
    "ttl-by-another-name": other_expiry,
    "ttl-in-milliseconds": _lifetime(lambda: time.time() * 999),
    "ttl-in-the-past": _lifetime(lambda: -60),
}
"""Every fault by its name."""
