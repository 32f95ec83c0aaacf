"""Channels: which there are, whose they are, and which of them a matcher event goes to.

Pure: values in, values out. A channel is `market.<symbol>`, `trader.<uuid>` or `admin.<symbol>`; names are
compared exactly, so `trader.A...` and `trader.a...` are two channels.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

TRADER_TYPES = ("orderUpdate", "positionUpdate", "balanceUpdate", "liquidationAlert", "pnlUpdate")
"""Events of one trader's own affairs: private, whatever market they name."""

ADMIN_TYPES = ("marketState",)
"""What the exchange announces about a market: PAUSED, DELISTED."""

_SYMBOL = re.compile(r"[A-Z0-9-]{1,32}")
_TRADER_ID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


class Audience(Enum):
    """Who a channel is for; the value is the channel name's first part."""

    MARKET = "market"
    TRADER = "trader"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel by its parts; `str()` gives its name."""

    audience: Audience
    subject: str

    def __str__(self) -> str:
        return f"{self.audience.value}.{self.subject}"

    @property
    def trader_id(self) -> str | None:
        """The only trader who may read the channel; None when everybody may."""
        return self.subject if self.audience is Audience.TRADER else None


def is_symbol(text: str) -> bool:
    """Whether the text can name a market, such as `BTC-PERP`."""
    return _SYMBOL.fullmatch(text) is not None


def is_trader_id(text: str) -> bool:
    """Whether the text can name a trader: a UUID with its hyphens."""
    return _TRADER_ID.fullmatch(text) is not None


def parse_channel(name: object) -> Channel | None:
    """The channel of that name; None when nothing is named so."""
    if not isinstance(name, str):
        return None
    match name.partition("."):
        case ("trader", ".", subject) if is_trader_id(subject):
            return Channel(Audience.TRADER, subject)
        case ("market" | "admin" as audience, ".", subject) if is_symbol(subject):
            return Channel(Audience(audience), subject)
    return None


def channels_of(matcher_event: Mapping[str, object]) -> tuple[str, ...]:
    """The names of the channels that an event goes to; none when it does not say which trader or market.

    The type decides, never the fields: a trader's event without `traderId` goes nowhere, and not to the market
    that it names.
    """
    audience = _audience_of(matcher_event.get("type"))
    subject = matcher_event.get("traderId" if audience is Audience.TRADER else "market")
    if not isinstance(subject, str) or not subject:
        return ()
    return (str(Channel(audience, subject)),)


def _audience_of(event_type: object) -> Audience:
    if event_type in TRADER_TYPES:
        return Audience.TRADER
    if event_type in ADMIN_TYPES:
        return Audience.ADMIN
    return Audience.MARKET
