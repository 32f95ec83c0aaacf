"""Filter policies of subscriptions, in values, as SNS reads them (S-19 to S-23).

Every key of a policy must match (AND), and any of its conditions is enough (OR). A field with several values, as a
`String.Array` attribute or a JSON array has, matches when any of them does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

import orjson

from harness.emulator.letters import MessageAttribute
from harness.emulator.matching.operators import Language, holds
from harness.json_values import Json, JsonObject

Scope: TypeAlias = Literal["MessageAttributes", "MessageBody"]
Rejection: TypeAlias = Literal[
    "MessageAttributes", "NoMessageAttributes", "InvalidAttributes", "MessageBody", "InvalidMessageBody"
]
"""What follows `NumberOfNotificationsFilteredOut-` in the name of a metric."""


TEXT_OPERATORS = frozenset({"prefix", "suffix", "equals-ignore-case", "cidr"})


@dataclass(frozen=True, slots=True)
class FilterPolicy:
    """A policy as it was set, `{key: [condition, ...] or, for a body, {key: ...}}`, and what it looks at."""

    policy: JsonObject
    scope: Scope = "MessageAttributes"

    def lets_through(self, attributes: Mapping[str, MessageAttribute], message: str) -> bool:
        """Whether the subscription gets the message; a body that is no JSON object never matches (S-19)."""
        return self.rejection(attributes, message) is None

    def rejection(self, attributes: Mapping[str, MessageAttribute], message: str) -> Rejection | None:
        """Why the subscription does not get the message, as SNS's metrics name it (S-23); None when it does."""
        if not self.policy:
            return None
        if self.scope == "MessageAttributes":
            if _matches(self.policy, _values_of(attributes)):
                return None
            return _rejection_of(attributes)
        try:
            body = orjson.loads(message)
        except orjson.JSONDecodeError:
            return "InvalidMessageBody"
        if not isinstance(body, dict):
            return "InvalidMessageBody"
        return None if _matches(self.policy, body) else "MessageBody"


def _rejection_of(attributes: Mapping[str, MessageAttribute]) -> Rejection:
    if not attributes:
        return "NoMessageAttributes"
    arrays = [one.value for one in attributes.values() if one.type == "String.Array"]
    return "MessageAttributes" if all(map(_is_json, arrays)) else "InvalidAttributes"


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _values_of(attributes: Mapping[str, MessageAttribute]) -> JsonObject:
    """Attributes as the JSON values that policies compare; Binary is ignored (S-21)."""
    return {
        name: _value_of(attribute)
        for name, attribute in attributes.items()
        if not attribute.type.startswith("Binary")
    }


def _value_of(attribute: MessageAttribute) -> Json:
    kind, text = attribute.type, attribute.value
    if kind == "String.Array":
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return float(text) if kind.split(".")[0] == "Number" else text


def _matches(policy: JsonObject, fields: JsonObject) -> bool:
    return all(_key_matches(key, wanted, fields) for key, wanted in policy.items())


def _key_matches(key: str, wanted: Json, fields: JsonObject) -> bool:
    match wanted:
        case [*alternatives] if key == "$or" and all(isinstance(one, dict) for one in alternatives):
            return any(_matches(one, fields) for one in cast("list[JsonObject]", alternatives))
        case [*conditions]:
            return _any_condition(conditions, present=key in fields, values=tuple(_flat(fields.get(key))))
        case {**nested}:
            return any(_matches(cast(JsonObject, nested), child) for child in _children(fields.get(key)))
    return False


def _children(value: Json) -> Iterable[JsonObject]:
    """The objects to match a nested policy against; an absent one is empty, as `exists: false` in it wants."""
    match value:
        case [*elements]:
            return [element for element in elements if isinstance(element, dict)]
        case {**child}:
            return [cast(JsonObject, child)]
    return [{}]


def _flat(value: Json) -> Iterable[Json]:
    match value:
        case [*elements]:
            for element in elements:
                yield from _flat(element)
        case _:
            yield value


def _any_condition(conditions: Sequence[Json], *, present: bool, values: Sequence[Json]) -> bool:
    for condition in conditions:
        match condition:
            case {"exists": wanted}:
                if wanted is present:
                    return True
            case _ if present and any(holds(condition, value, _LANGUAGE) for value in values):
                return True
    return False


def _same(wanted: Json, value: Json) -> bool:
    """JSON equality: 1 and 1.0 are one number, `true` is none, and "1" is text."""
    return wanted == value and isinstance(wanted, bool) == isinstance(value, bool)


_LANGUAGE = Language(_same, TEXT_OPERATORS)
