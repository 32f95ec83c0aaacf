"""What an observation says, in plain words: how reports show the evidence of a finding."""

from typing import assert_never

from harness.record.observation import (
    ClientClosed,
    ClientConnected,
    ClientConnecting,
    ClientLeft,
    ClientRefused,
    ConnectionClosed,
    ConnectionOpened,
    ConnectionPosted,
    EventPublished,
    FrameReceived,
    FunctionLogged,
    InsideHidden,
    InvocationEnded,
    InvocationStarted,
    LoopLag,
    NotPlayed,
    Observation,
    ObservationsLost,
    PlatformLogged,
    PublishFailed,
    RowDeleted,
    RowsFound,
    RowWritten,
    Settled,
    SubscriptionSent,
)
from harness.reports.plain import plain, shortened

_TEXT = 90
"""Characters shown of a frame, a log line or an error."""


def told(observation: Observation, *, timeline_at: float) -> str:
    """One line: the time from the timeline's begin, and what was seen: `+1.203 s  eth/2 received e17: {...}`."""
    return f"{observation.at - timeline_at:+.3f} s  {plain(_what(observation))}"


def _what(observation: Observation) -> str:
    match observation:
        case (
            ClientConnecting()
            | ClientConnected()
            | ClientRefused()
            | SubscriptionSent()
            | FrameReceived()
            | ClientLeft()
            | ClientClosed()
        ):
            return f"{observation.client} {_of_client(observation)}"
        case EventPublished() | PublishFailed() | LoopLag() | Settled() | RowsFound() | ObservationsLost():
            return _of_run(observation)
        case InsideHidden() | NotPlayed():
            return _of_backend(observation)
        case ConnectionOpened() | ConnectionClosed() | ConnectionPosted():
            return f"connection {observation.connection} {_of_connection(observation)}"
        case InvocationStarted() | InvocationEnded() | FunctionLogged() | PlatformLogged():
            return f"{observation.function} {_of_function(observation)}"
        case RowWritten():
            operation = f"{observation.operation}{_by(observation)}"
            return f"row {observation.key} of {observation.table} written by {operation}"
        case RowDeleted():
            return f"row {observation.key} of {observation.table} deleted{_by(observation)}"
        case _:
            assert_never(observation)


def _of_client(
    seen: ClientConnecting
    | ClientConnected
    | ClientRefused
    | SubscriptionSent
    | FrameReceived
    | ClientLeft
    | ClientClosed,
) -> str:
    match seen:
        case ClientConnecting():
            return "began to connect"
        case ClientConnected():
            return "connected"
        case ClientRefused():
            return f"was refused with {seen.status}{_because(seen.reason)}"
        case SubscriptionSent():
            return f"asked for {seen.channel}"
        case FrameReceived():
            return f"received {seen.event or 'a frame'}: {shortened(seen.text, _TEXT)}"
        case ClientLeft():
            return "vanished" if seen.vanished else "began to leave"
        case ClientClosed():
            return f"was closed with {seen.code}{_because(seen.reason)}"
        case _:
            assert_never(seen)


def _of_run(
    seen: EventPublished | PublishFailed | LoopLag | Settled | RowsFound | ObservationsLost,
) -> str:
    match seen:
        case EventPublished():
            return (
                f"{seen.event} published to {' and '.join(seen.channels) or 'no channel'}: {_text(seen.text)}"
            )
        case PublishFailed():
            return f"{seen.event} not accepted by SNS: {_text(seen.error)}"
        case LoopLag():
            return f"the crowd's loop woke {seen.lag * 1000:.0f} ms late"
        case Settled():
            return (
                f"{'settled' if seen.complete else 'not settled'} at the {seen.phase}{_because(seen.detail)}"
            )
        case RowsFound():
            return f"rows found of {_text(', '.join(seen.connections)) or 'no connection'}"
        case ObservationsLost():
            return f"{seen.count} observations lost"
        case _:
            assert_never(seen)


def _of_backend(seen: InsideHidden | NotPlayed) -> str:
    match seen:
        case InsideHidden():
            return f"nothing of the inside is seen: {seen.reason}"
        case NotPlayed():
            return f"the scenario was not played: {seen.reason}"
        case _:
            assert_never(seen)


def _of_connection(seen: ConnectionOpened | ConnectionClosed | ConnectionPosted) -> str:
    match seen:
        case ConnectionOpened():
            return f"opened for {seen.client or 'a stranger'}"
        case ConnectionClosed():
            return f"closed with {seen.code}{_because(seen.reason)}"
        case ConnectionPosted():
            return f"posted to, answered {seen.status}{_by(seen)}"
        case _:
            assert_never(seen)


def _of_function(seen: InvocationStarted | InvocationEnded | FunctionLogged | PlatformLogged) -> str:
    match seen:
        case InvocationStarted():
            return f"started {seen.request}{', cold' if seen.cold else ''}"
        case InvocationEnded():
            return (
                f"ended {seen.request}"
                if seen.error is None
                else f"failed {seen.request}: {_text(seen.error)}"
            )
        case FunctionLogged():
            return f"logged: {_text(seen.line)}"
        case PlatformLogged():
            return f"was logged: {_text(seen.line)}"
        case _:
            assert_never(seen)


def _because(reason: str) -> str:
    return f" ({_text(reason)})" if reason else ""


def _by(seen: ConnectionPosted | RowWritten | RowDeleted) -> str:
    return f" by {seen.request}" if seen.request is not None else ""


def _text(text: str) -> str:
    return shortened(text, _TEXT)
