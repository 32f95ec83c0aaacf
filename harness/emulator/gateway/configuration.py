"""Settings of the gateway: how it behaves where AWS leaves it open, and its quotas; what a user may set, and how.

A configuration is written as JSON: the settings by name and, under `quotas`, the quotas by name. What is left out
has AWS's value, or the suggested one where AWS's is not known.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

from harness.emulator.gateway.quotas import Quotas

UNLIMITED = "unlimited"
"""How JSON writes a rate that never throttles."""

T = TypeVar("T")


class ConfigurationError(ValueError):
    """A setting that does not exist, or a value that it cannot have; the message says what it takes."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """How the gateway behaves where AWS leaves it open. Times in seconds.

    `disconnect_events`: `$disconnect` is best-effort on AWS (X-1): `late` invokes it `disconnect_delay` after the
    end, `lost` never. `invocations`: whether messages of one connection may run at once. `lost_sockets`: a TCP
    connection that ends without a close frame closes the connection at once, or goes `unnoticed` until it is idle
    for too long, as one does whose network vanished (X-6, M-15). `json`: `lenient` also routes messages whose
    names lack their quotes (R-9). `post_jitter`: each POST is carried out after a random time up to this long, so
    that posts at one time change places and posts that wait for each other do not (M-17).
    `connect_timeout_status`: what a handshake is told whose `$connect` takes too long.
    `posts_while_connecting`: a POST to a connection whose `$connect` still runs is 410, and the message may be
    `delivered` all the same (C-13). `empty_bodies`: whether a two-way route answers "" with an empty message.
    """

    disconnect_events: Literal["delivered", "late", "lost"] = "delivered"
    disconnect_delay: float = 5.0
    # Not recorded on AWS yet: whether invocations for one connection are serialised.
    invocations: Literal["concurrent", "serial"] = "concurrent"
    lost_sockets: Literal["noticed", "unnoticed"] = "noticed"
    json: Literal["strict", "lenient"] = "strict"
    post_jitter: float = 0.0
    # Not recorded on AWS yet: the status of a handshake whose `$connect` timed out.
    connect_timeout_status: int = 504
    posts_while_connecting: Literal["gone", "delivered"] = "gone"
    # Not recorded on AWS yet: what an empty body of a two-way route sends.
    empty_bodies: Literal["dropped", "sent"] = "dropped"


@dataclass(slots=True)
class InForce:
    """What holds now. The parts of a gateway share one and look at it at each use, so it can change under them.

    The quotas of a connection's own life (idle time, duration, sizes) are those of the moment it was opened.
    """

    settings: GatewaySettings = field(default_factory=GatewaySettings)
    quotas: Quotas = field(default_factory=Quotas)


Reader: TypeAlias = Callable[[str, object], object]


def read_configuration(asked: Mapping[str, object]) -> InForce:
    """The configuration that the JSON object asks for; raises ConfigurationError."""
    quotas = asked.get("quotas", {})
    if not isinstance(quotas, Mapping):
        raise ConfigurationError('quotas is an object such as {"idle_timeout": 5}')
    settings = {name: value for name, value in asked.items() if name != "quotas"}
    return InForce(_read(GatewaySettings, settings, also=("quotas",)), _read(Quotas, quotas))


def described(in_force: InForce) -> dict[str, object]:
    """The configuration as the JSON object that `read_configuration` reads."""
    quotas = {
        name: UNLIMITED if value == math.inf else value for name, value in asdict(in_force.quotas).items()
    }
    return {**asdict(in_force.settings), "quotas": quotas}


def _read(kind: type[T], values: Mapping[str, object], *, also: tuple[str, ...] = ()) -> T:
    hints = get_type_hints(kind)
    for name in values:
        if name not in hints:
            raise ConfigurationError(_unknown(name, [*hints, *also]))
    return kind(**{name: _value(name, hints[name], value) for name, value in values.items()})


def _unknown(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"there are {', '.join(known)}"
    return f"unknown setting '{name}'; {hint}"


def _value(name: str, hint: Any, value: object) -> object:
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise ConfigurationError(f"{name} is {' or '.join(get_args(hint))}, not {value!r}")
        return value
    if hint is float and value == UNLIMITED:
        return math.inf
    if isinstance(value, bool) or not isinstance(value, int | float) or (hint is int and value != int(value)):
        wanted = "a whole number" if hint is int else f"a number or '{UNLIMITED}'"
        raise ConfigurationError(f"{name} is {wanted}, not {value!r}")
    if value < 0:
        raise ConfigurationError(f"{name} cannot be below 0, and is {value!r}")
    if name == "connect_timeout_status" and not 400 <= value <= 599:
        raise ConfigurationError(f"{name} is a status from 400 to 599, not {value!r}")
    return hint(value)
