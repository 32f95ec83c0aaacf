"""Legacy parameters, of before 2014: expressions replaced them; here they are refused."""

from collections.abc import Mapping
from typing import Any

from harness.emulator.dynamodb.errors import validation

# The legacy parameters of each operation with what replaces them, and its expressions.
_REPLACED: Mapping[str, Mapping[str, str]] = {
    "PutItem": {"Expected": "ConditionExpression", "ConditionalOperator": "ConditionExpression"},
    "DeleteItem": {"Expected": "ConditionExpression", "ConditionalOperator": "ConditionExpression"},
    "UpdateItem": {
        "AttributeUpdates": "UpdateExpression",
        "Expected": "ConditionExpression",
        "ConditionalOperator": "ConditionExpression",
    },
    "GetItem": {"AttributesToGet": "ProjectionExpression"},
    "BatchGetItem": {"AttributesToGet": "ProjectionExpression"},
    "Query": {
        "AttributesToGet": "ProjectionExpression",
        "QueryFilter": "FilterExpression",
        "ConditionalOperator": "FilterExpression",
        "KeyConditions": "KeyConditionExpression",
    },
    "Scan": {
        "AttributesToGet": "ProjectionExpression",
        "ScanFilter": "FilterExpression",
        "ConditionalOperator": "FilterExpression",
    },
}
_EXPRESSIONS: Mapping[str, tuple[str, ...]] = {
    "PutItem": ("ConditionExpression",),
    "DeleteItem": ("ConditionExpression",),
    "UpdateItem": ("UpdateExpression", "ConditionExpression"),
    "GetItem": ("ProjectionExpression",),
    "BatchGetItem": ("ProjectionExpression",),
    "Query": ("ProjectionExpression", "FilterExpression", "KeyConditionExpression"),
    "Scan": ("ProjectionExpression", "FilterExpression"),
}


def refuse_legacy(operation: str, body: Mapping[str, Any]) -> None:
    """Raises a ValidationException for legacy parameters: AWS's for a mixture with expressions, else our own."""
    replaced = _REPLACED[operation]
    legacy = [name for name in replaced if body.get(name) is not None]
    if not legacy:
        return
    expressions = [name for name in _EXPRESSIONS[operation] if body.get(name) is not None]
    if expressions:
        raise validation(
            "Can not use both expression and non-expression parameters in the same request: Non-expression "
            f"parameters: {{{', '.join(legacy)}}} Expression parameters: {{{', '.join(expressions)}}}"
        )
    raise validation(
        f"The legacy parameter {legacy[0]} is not emulated by fanout-harness; use {replaced[legacy[0]]} instead."
    )
