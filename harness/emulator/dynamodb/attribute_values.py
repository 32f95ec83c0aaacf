"""Attribute values: which may be stored, their normal form, their order, their size in bytes.

Values stay as they are on the wire (`{"S": "x"}`, `{"N": "10"}`, `{"L": [...]}`), in one normal form: numbers as
DynamoDB writes them, the members of sets in order, binary in canonical base64. So equal values are equal in Python.
"""

import base64
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from harness.emulator.dynamodb.decimals import normal_text, size_of_number
from harness.emulator.dynamodb.errors import invalid_parameters, validation

AttributeValue: TypeAlias = dict[str, Any]
"""`{type descriptor: value}`, exactly one member once it is checked."""
Item: TypeAlias = dict[str, AttributeValue]

MAX_NESTING = 32
"""Levels of lists and maps, a scalar in them counted as one."""
MAX_NAME_BYTES = 65_535

_ITEM_OF_NULLS = "The supplied Item contains a null AttributeValue"
_EMPTY_VALUE = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
_MANY_TYPES = (
    "Supplied AttributeValue has more than one datatypes set, "
    "must contain exactly one of the supported datatypes"
)
_TOO_DEEP = (
    "Nesting Levels have exceeded supported limits: "
    "Attributes in the item have nested levels beyond supported limit"
)


# --- checking and normal form -----------------------------------------------------------------------------


def check_item(item: Mapping[str, Any]) -> Item:
    """The item in normal form; raises a ValidationException that says what cannot be stored, in AWS's words."""
    for name in item:
        _check_name(name)
    return {name: check_value(value) for name, value in item.items()}


def check_value(value: Any) -> AttributeValue:
    """The value in normal form; raises like `check_item`."""
    return _checked(value, MAX_NESTING)


normalised = check_value
"""The value in normal form."""


def _check_name(name: str) -> None:
    if not name:
        raise validation("Empty attribute name")
    if len(name) > MAX_NAME_BYTES // 4 and len(name.encode()) > MAX_NAME_BYTES:
        raise validation("Attribute name is too large, must be less than 65536 bytes")


def _checked(value: Any, levels: int) -> AttributeValue:
    if value is None:
        raise validation(_ITEM_OF_NULLS)
    checked = {
        kind: _CHECKS[kind](content, levels)
        for kind, content in value.items()
        if content is not None and kind in _CHECKS
    }
    if not checked:
        raise validation(_EMPTY_VALUE)
    if len(checked) > 1:
        raise validation(_MANY_TYPES)
    return checked


def _string(content: str, _: int) -> str:
    return content


def _number(content: str, _: int) -> str:
    return normal_text(content)


def _binary(content: str, _: int) -> str:
    return _canonical(content)


def _bool(content: bool, _: int) -> bool:
    return content


def _null(content: bool, _: int) -> bool:
    if content is not True:
        raise invalid_parameters("Null attribute value types must have the value of true")
    return True


def _string_set(content: list[str], _: int) -> list[str]:
    if not content:
        raise invalid_parameters("An string set  may not be empty")
    if None in content:
        raise invalid_parameters("An string set may not have a null string as a member")
    if len(set(content)) < len(content):
        raise invalid_parameters(f"Input collection [{', '.join(content)}] contains duplicates.")
    return sorted(content)


def _number_set(content: list[str], _: int) -> list[str]:
    if not content:
        raise invalid_parameters("An number set  may not be empty")
    numbers = [normal_text(number) for number in content]
    if len(set(numbers)) < len(numbers):
        raise validation("Input collection contains duplicates")
    return sorted(numbers, key=Decimal)


def _binary_set(content: list[str], _: int) -> list[str]:
    if not content:
        raise invalid_parameters("Binary sets should not be empty")
    members = [_canonical(member) for member in content]
    if len(set(members)) < len(members):
        raise invalid_parameters(f"Input collection [{', '.join(content)}]of type BS contains duplicates.")
    return sorted(members, key=base64.b64decode)


def _list(content: list[Any], levels: int) -> list[AttributeValue]:
    _check_levels(levels)
    return [_checked(element, levels - 1) for element in content]


def _map(content: Mapping[str, Any], levels: int) -> Item:
    _check_levels(levels)
    for name in content:
        _check_name(name)
    return {name: _checked(element, levels - 1) for name, element in content.items()}


def _check_levels(levels: int) -> None:
    if levels <= 1:
        raise validation(_TOO_DEEP)


def _canonical(content: str) -> str:
    return base64.b64encode(base64.b64decode(content)).decode()


_CHECKS: Mapping[str, Callable[[Any, int], Any]] = {
    "S": _string,
    "N": _number,
    "B": _binary,
    "BOOL": _bool,
    "NULL": _null,
    "SS": _string_set,
    "NS": _number_set,
    "BS": _binary_set,
    "L": _list,
    "M": _map,
}
TYPES = frozenset(_CHECKS)
"""Every type descriptor."""


# --- types and order --------------------------------------------------------------------------------------


def type_of(value: AttributeValue) -> str:
    """The type descriptor of a checked value."""
    for kind in value:
        return kind
    raise ValueError("a checked value has one type")


def number(text: str) -> Decimal:
    """A checked number's text as a number that compares and counts."""
    return Decimal(text)


SortKey: TypeAlias = str | Decimal | bytes
"""What values of one key type are ordered by."""


def sort_key(value: AttributeValue) -> Any:
    """A `SortKey`: strings in the order of their UTF-8 bytes, which is that of code points; numbers; bytes."""
    for kind, content in value.items():
        match kind:
            case "S":
                return content
            case "N":
                return Decimal(content)
            case "B":
                return base64.b64decode(content)
    raise ValueError(f"{value} cannot be a key")


def compare(left: AttributeValue, right: AttributeValue) -> int:
    """Negative, 0 or positive as `left` is less than, equal to or greater than `right`, both of one key type."""
    one, other = sort_key(left), sort_key(right)
    return int(one > other) - int(one < other)


# --- size -------------------------------------------------------------------------------------------------


def size_of(item: Item) -> int:
    """Bytes that the item counts against the 400 KB limit and for capacity units (D-5, D-7, D-25)."""
    return sum([_bytes(name) + size_of_value(value) for name, value in item.items()])


def size_of_value(value: AttributeValue) -> int:
    """Bytes of a value without its name; lists and maps have 3 bytes of overhead, and 1 for each element."""
    for kind, content in value.items():
        match kind:
            case "S":
                return _bytes(content)
            case "N":
                return size_of_number(content)
            case "BOOL" | "NULL":
                return 1
            case "B":
                return _bytes_of_base64(content)
            case _:
                return _size_of_collection(kind, content)
    return 0


def _size_of_collection(kind: str, content: Any) -> int:
    match kind:
        case "M":
            return 3 + size_of(content) + len(content)
        case "L":
            return 3 + sum(map(size_of_value, content)) + len(content)
        case "SS":
            return sum(map(_bytes, content))
        case "NS":
            return sum(map(size_of_number, content))
        case _:
            return sum(map(_bytes_of_base64, content))


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _bytes_of_base64(text: str) -> int:
    return len(text) * 3 // 4 - text[-2:].count("=")
