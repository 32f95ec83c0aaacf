"""Feed, the protocol of the application under test: which channel an event goes to, how a client subscribes.

A pure model of the application's protocol, so that expected receivers are computed and never listed by hand.
It stands in `stack.yaml` under `feed:`; without it, the exchange's own rules below hold.
"""

import re
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from harness.json_values import JsonObject

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ChannelRule(_Model):
    """Events of these `types` (all, when empty) go to the channel that the template names.

    `{name}` in a template stands for the event's top-level field of that name.
    """

    types: tuple[str, ...] = ()
    channel: str
    private: bool = Field(default=False, description="A leak of this channel is named a privacy leak.")


TRADER_TYPES = ("orderUpdate", "positionUpdate", "balanceUpdate", "liquidationAlert", "pnlUpdate")

EXCHANGE_RULES = (
    ChannelRule(types=TRADER_TYPES, channel="trader.{traderId}", private=True),
    ChannelRule(types=("marketState",), channel="admin.{market}", private=True),
    ChannelRule(channel="market.{market}"),
)


class Feed(_Model):
    """The application's protocol, as the harness must know it to compute receivers."""

    channels: tuple[ChannelRule, ...] = Field(
        default=EXCHANGE_RULES,
        description="First rule whose types contain the event's type names its channel.",
    )
    type_field: str = Field(default="type", description="The event's field that holds its type.")
    event_id_field: str = Field(
        default="eventId",
        description="The field that identifies an event in a pushed message; the publisher fills it in when absent.",
    )
    subscribe: Mapping[str, object] = Field(
        default={"action": "subscribe", "channel": "{channel}"},
        description="The message a client sends to subscribe; {channel} is replaced.",
    )
    connect_channels: Mapping[str, str] = Field(
        default={"market": "market.{market}"},
        description="Query parameters that subscribe at connect, and the channel each stands for.",
    )
    error_code_field: str = Field(
        default="code", description="The field of an error message that holds its stable code."
    )

    def type_of(self, event: JsonObject) -> str:
        """The event's type, or "" when it has none."""
        value = event.get(self.type_field, "")
        return value if isinstance(value, str) else ""

    def rule_for(self, event_type: str) -> ChannelRule | None:
        """The rule that names the channel of events of this type."""
        for rule in self.channels:
            if not rule.types or event_type in rule.types:
                return rule
        return None

    def channels_of(self, event: JsonObject) -> tuple[str, ...]:
        """The channels that the event must reach; none when its rule's fields are missing."""
        rule = self.rule_for(self.type_of(event))
        if rule is None:
            return ()
        channel = _fill(rule.channel, event)
        return () if channel is None else (channel,)

    def is_private(self, channel: str) -> bool:
        """Whether a rule marked private can name this channel."""
        return any(rule.private and _template_matches(rule.channel, channel) for rule in self.channels)

    def subscribed_at_connect(self, query: Mapping[str, str]) -> str | None:
        """The channel a connection is subscribed to from its query string alone."""
        for parameter, template in self.connect_channels.items():
            if query.get(parameter):
                return _fill(template, query)
        return None

    def subscribe_message(self, channel: str) -> dict[str, object]:
        """The message that asks for `channel`."""
        return {
            key: value.replace("{channel}", channel) if isinstance(value, str) else value
            for key, value in self.subscribe.items()
        }

    def event_id_of(self, message: object) -> str | None:
        """The id of the matcher event that a decoded message carries; None for any other message."""
        if not isinstance(message, Mapping):
            return None
        value = message.get(self.event_id_field)
        return value if isinstance(value, str) else None


def _fill(template: str, values: Mapping[str, object]) -> str | None:
    for name in _PLACEHOLDER.findall(template):
        if not isinstance(values.get(name), str):
            return None
    return _PLACEHOLDER.sub(lambda match: str(values[match[1]]), template)


def _template_matches(template: str, channel: str) -> bool:
    pattern = "".join(
        ".+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]*\})", template)
    )
    return re.fullmatch(pattern, channel) is not None
