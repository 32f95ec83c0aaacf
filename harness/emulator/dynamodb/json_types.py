"""JSON types of a request's members, checked, and what AWS's parser says of a wrong one."""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import TypeAlias

from harness.emulator.dynamodb.attribute_values import MAX_NESTING
from harness.emulator.dynamodb.errors import DynamoDbError, serialization

JAVA_TYPES: Mapping[str, str] = {
    "string": "String",
    "integer": "Integer",
    "long": "Long",
    "double": "Double",
    "boolean": "Boolean",
    "timestamp": "Date",
}
"""What AWS calls the model's scalar types."""

_ATTRIBUTE_VALUE = "com.amazonaws.dynamodb.v20120810.AttributeValue"
_CheckContent: TypeAlias = Callable[[object, int], None]


def check_scalar(value: object, kind: str) -> None:
    """Raises for a value that is not of a scalar type of the model."""
    java = JAVA_TYPES[kind]
    match kind, value:
        case ("string", str()) | ("boolean", bool()):
            return
        case (("integer" | "long" | "double" | "timestamp"), int() | float()) if not isinstance(value, bool):
            return
        case "boolean", str() | int() | float():
            raise serialization("Unexpected token received from parser")
        case _, bool():
            raise serialization(f"{str(value).upper()}_VALUE cannot be converted to {java}")
        case _, int():
            raise serialization(f"NUMBER_VALUE cannot be converted to {java}")
        case _, float():
            raise serialization(f"DECIMAL_VALUE cannot be converted to {java}")
        case _, str():
            raise serialization(f"STRING_VALUE cannot be converted to {java}")
    raise wrong_type(value, f"class java.lang.{java}")


def check_blob(value: object) -> None:
    """Raises for a value that is not binary as base64."""
    if isinstance(value, list | dict):
        raise wrong_type(value, "class java.nio.ByteBuffer")
    if not isinstance(value, str):
        raise serialization("only base-64-encoded strings are convertible to bytes")
    if len(value) % 4:
        raise serialization(
            f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(value)}"
        )
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise serialization(f"Invalid Base64: {value}") from error


def wrong_type(value: object, java: str | None) -> DynamoDbError:
    """The refusal of a value where something else, `java` by its name, was to stand."""
    match value:
        case dict():
            return serialization("Start of structure or map found where not expected")
        case list() if java is not None:
            return serialization(f"Unrecognized collection type {java}")
    return serialization("Unexpected field type")


# --- attribute values -------------------------------------------------------------------------------------


def check_attribute_value(value: object, levels: int = MAX_NESTING + 1) -> None:
    """Raises when an attribute value, or one in it, has members of wrong types.

    What nests deeper than DynamoDB allows is not looked at: it is refused for that later.
    """
    if not isinstance(value, dict):
        raise wrong_type(value, f"class {_ATTRIBUTE_VALUE}")
    for kind, content in value.items():
        if content is None or (kind in ("S", "N") and type(content) is str):
            continue
        check = _CONTENTS.get(kind)
        if check is not None and levels:
            check(content, levels - 1)


def _scalar(kind: str) -> _CheckContent:
    return lambda content, _: check_scalar(content, kind)


def _blob(content: object, _: int) -> None:
    check_blob(content)


def _list_of(check_member: _CheckContent) -> _CheckContent:
    def check(content: object, levels: int) -> None:
        if not isinstance(content, list):
            raise wrong_type(content, None)
        for member in content:
            check_member(member, levels)

    return check


def _map(content: object, levels: int) -> None:
    if not isinstance(content, dict):
        raise wrong_type(content, f"java.util.Map<java.lang.String, {_ATTRIBUTE_VALUE}>")
    for member in content.values():
        check_attribute_value(member, levels)


_CONTENTS: Mapping[str, _CheckContent] = {
    "S": _scalar("string"),
    "N": _scalar("string"),
    "B": _blob,
    "BOOL": _scalar("boolean"),
    "NULL": _scalar("boolean"),
    "L": _list_of(check_attribute_value),
    "M": _map,
    "SS": _list_of(_scalar("string")),
    "NS": _list_of(_scalar("string")),
    "BS": _list_of(_blob),
}
