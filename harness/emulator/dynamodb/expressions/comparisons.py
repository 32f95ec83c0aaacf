"""Comparisons of values: only strings, numbers and binary are ordered, each among themselves."""

import base64
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from harness.emulator.dynamodb.attribute_values import AttributeValue

ORDERED_TYPES = frozenset({"S", "N", "B"})

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def order_in(kind: str, value: AttributeValue) -> Any:
    """What values of this type are ordered by; None for a value of another type, and for a type without an order."""
    content = value.get(kind)
    if content is None or kind == "S":
        return content
    if kind == "N":
        return Decimal(content)
    return base64.b64decode(content) if kind == "B" else None


def shown_value(value: AttributeValue) -> str:
    """The value as AWS's messages write it, for ordered types: `AttributeValue: {N:2}`; binary as Java shows it."""
    ((kind, content),) = value.items()
    if kind == "B":
        size = len(base64.b64decode(content))
        content = f"java.nio.HeapByteBuffer[pos=0 lim={size} cap={size}]"
    return f"AttributeValue: {{{kind}:{content}}}"
