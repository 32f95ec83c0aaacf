"""Expressions of a request, with its names and values, and whether everything that it defines is used."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness.emulator.dynamodb.errors import validation
from harness.emulator.dynamodb.expressions.condition_parser import parse_condition_text
from harness.emulator.dynamodb.expressions.conditions import Condition, parse_condition
from harness.emulator.dynamodb.expressions.key_conditions import KeyCondition, parse_key_condition
from harness.emulator.dynamodb.expressions.placeholders import (
    Expression,
    check_all_used,
    check_names,
    check_values,
)
from harness.emulator.dynamodb.expressions.projections import Projection, parse_projection
from harness.emulator.dynamodb.expressions.syntax import SetNode
from harness.emulator.dynamodb.expressions.tokens import ExpressionKind
from harness.emulator.dynamodb.expressions.update_parser import parse_update_text
from harness.emulator.dynamodb.expressions.updates import Update, parse_update
from harness.emulator.dynamodb.key_schema import KeySchema
from harness.emulator.dynamodb.operations.first_elements import first_elements, nested_elements

_WITHOUT_VALUES = "ProjectionExpression"
_CONDITIONS: Sequence[ExpressionKind] = ("ConditionExpression", "FilterExpression")


class RequestExpressions:
    """The expressions of one request, parsed on demand; `check_all_used` once all are parsed.

    `kinds` are the expressions that the operation takes. Raises a ValidationException in AWS's words.
    """

    def __init__(self, body: Mapping[str, Any], kinds: Sequence[ExpressionKind]) -> None:
        self._body = body
        self._parsed: list[Expression] = []
        names, values = body.get("ExpressionAttributeNames"), body.get("ExpressionAttributeValues")
        if names is not None or values is not None:
            _check_needed(body, kinds)
        self._names, self._values = check_names(names), check_values(values)

    def condition(self, kind: ExpressionKind) -> Condition | None:
        """The ConditionExpression or FilterExpression."""
        text = self._body.get(kind)
        if text is None:
            return None
        parsed = parse_condition(text, self._names, self._values, kind=kind)
        self._parsed.append(parsed)
        return parsed

    def key_condition(self, schema: KeySchema) -> KeyCondition:
        """The KeyConditionExpression, which must be there, for a table or index with this key."""
        text = self._body.get("KeyConditionExpression")
        if text is None:
            raise validation(
                "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
            )
        key = (schema.hash.name, None if schema.range is None else schema.range.name)
        parsed = parse_key_condition(text, self._names, self._values, key=key)
        self._parsed.append(parsed)
        return parsed

    def projection(self) -> Projection | None:
        """The ProjectionExpression."""
        text = self._body.get("ProjectionExpression")
        if text is None:
            return None
        parsed = parse_projection(text, self._names)
        self._parsed.append(parsed)
        return parsed

    def update(self) -> Update | None:
        """The UpdateExpression."""
        text = self._body.get("UpdateExpression")
        if text is None:
            return None
        parsed = parse_update(text, self._names, self._values)
        self._parsed.append(parsed)
        return parsed

    def attributes_in(self, kind: ExpressionKind) -> frozenset[str]:
        """The attributes that the paths of a condition begin with."""
        text = self._body.get(kind)
        if text is None:
            return frozenset()
        begun = first_elements(parse_condition_text(kind, text).node)
        return frozenset(self._names.get(one, one) for one in begun)

    def nested(self) -> frozenset[str]:
        """The attributes into which a condition, a filter or a projection goes, as if they were lists or maps."""
        found: set[str] = set()
        for kind in _CONDITIONS:
            text = self._body.get(kind)
            if text is not None:
                found |= {
                    self._names.get(one, one)
                    for one in nested_elements(parse_condition_text(kind, text).node)
                }
        projection = self.projection()
        return frozenset(found if projection is None else found | projection.nested)

    def nested_in_update(self) -> frozenset[str]:
        """The attributes in which the UpdateExpression changes or reads something nested."""
        text = self._body.get("UpdateExpression")
        if text is None:
            return frozenset()
        found: set[str] = set()
        for action in parse_update_text(text).actions:
            found |= nested_elements(action.path)
            if isinstance(action, SetNode):
                found |= nested_elements(action.operand)
        return frozenset(self._names.get(one, one) for one in found)

    def check_all_used(self) -> None:
        """Raises for names and values that no expression uses."""
        check_all_used(self._names, self._values, self._parsed)


def _check_needed(body: Mapping[str, Any], kinds: Sequence[ExpressionKind]) -> None:
    missing = [kind for kind in kinds if body.get(kind) is None]
    if body.get("ExpressionAttributeNames") is not None and len(missing) == len(kinds):
        raise validation("ExpressionAttributeNames can only be specified when using expressions")
    with_values = [kind for kind in kinds if kind != _WITHOUT_VALUES]
    if body.get("ExpressionAttributeValues") is not None and all(kind in missing for kind in with_values):
        verb = "is" if len(with_values) == 1 else "are"
        raise validation(
            "ExpressionAttributeValues can only be specified when using expressions: "
            f"{' and '.join(with_values)} {verb} null"
        )
