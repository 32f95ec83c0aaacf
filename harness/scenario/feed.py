"""Feed, the protocol of the application under test: which channel an event goes to, how a client subscribes.

A pure model of the application's protocol, so that expected receivers are computed and never listed by hand.
It stands in `stack.yaml` under `feed:`; without it, the exchange's own rules below hold.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from harness.json_values import JsonObject

PayloadRule: TypeAlias = Literal["json", "bytes", "contains", "any"]

NO_ID = "none"
"""What stands for `event_id` where events carry no id."""

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _with_a_member(shape: Mapping[str, object]) -> Mapping[str, object]:
    if not shape:
        raise ValueError("a shape without members would be that of every message")
    return shape


_Shape: TypeAlias = Annotated[Mapping[str, object], AfterValidator(_with_a_member)]


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
    event_id: str = Field(
        default="eventId",
        pattern=r"^[^.]+(\.[^.]+)*$",
        description=(
            "Where an event's id stands: a name or a dotted path, looked for anywhere in a message. "
            "The publisher fills it in when absent; with 'none' nothing is added, and no id is looked for."
        ),
    )
    payload: PayloadRule = Field(
        default="json",
        description=(
            "What a pushed message must be: the published JSON value, or a value that holds it whole (json), a text "
            "that holds it (contains), the published bytes (bytes); any is not judged."
        ),
    )
    others: tuple[_Shape, ...] = Field(
        default=({"type": "error"},),
        description=(
            "Messages that are no pushes (pongs, greetings, replies): JSON objects that hold all of these members."
        ),
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

    def event_id_of(self, event: object) -> str | None:
        """The id that an event carries where the feed keeps it; None for anything else."""
        value = event
        for name in self._id_path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value if isinstance(value, str) and self._id_path else None

    def identified(self, event: JsonObject, event_id: str) -> JsonObject:
        """The event with the id where the feed keeps it, unless something is there already.

        Unchanged where events carry no id, and where the path leads through what is no object.
        """
        return _with_id(event, self._id_path, event_id) if self._id_path else event

    @property
    def _id_path(self) -> tuple[str, ...]:
        return () if self.event_id == NO_ID else tuple(self.event_id.split("."))


def _with_id(event: JsonObject, path: tuple[str, ...], event_id: str) -> JsonObject:
    name, *deeper = path
    if not deeper:
        return {**event, name: event_id} if name not in event else event
    inner = event.get(name, {})
    return {**event, name: _with_id(inner, tuple(deeper), event_id)} if isinstance(inner, Mapping) else event


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
