"""Placeholders, `#name` and `:value`: ExpressionAttributeNames and ExpressionAttributeValues of one request."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

from harness.emulator.dynamodb.attribute_values import AttributeValue, check_value
from harness.emulator.dynamodb.errors import DynamoDbError, validation


class Names(dict[str, str]):
    """Checked attribute names by reference, such as `#a`."""


class Values(dict[str, AttributeValue]):
    """Checked values in normal form by reference, such as `:v`."""


_NAME_REFERENCE = re.compile(r"#[A-Za-z0-9_]+")
_VALUE_REFERENCE = re.compile(r":[A-Za-z0-9_]+")


class Expression(Protocol):
    """A parsed expression: the references that it uses."""

    @property
    def names(self) -> frozenset[str]: ...

    @property
    def values(self) -> frozenset[str]: ...


def check_names(names: Mapping[str, str] | None) -> Names:
    """The request's ExpressionAttributeNames, none for None; raises a ValidationException. Checks once only."""
    if isinstance(names, Names):
        return names
    if names is None:
        return Names()
    if not names:
        raise validation("ExpressionAttributeNames must not be empty")
    for reference, name in names.items():
        if not _NAME_REFERENCE.fullmatch(reference):
            raise validation(
                f'ExpressionAttributeNames contains invalid key: Syntax error; key: "{reference}"'
            )
        if not name:
            raise validation(
                f"ExpressionAttributeNames contains invalid value: Empty attribute name for key {reference}"
            )
    return Names(dict(names))


def check_values(values: Mapping[str, Any] | None) -> Values:
    """The request's ExpressionAttributeValues in normal form, none for None; raises a ValidationException.

    Checks once only: what it returned before, it returns again.
    """
    if isinstance(values, Values):
        return values
    if values is None:
        return Values()
    if not values:
        raise validation("ExpressionAttributeValues must not be empty")
    for reference in values:
        if not _VALUE_REFERENCE.fullmatch(reference):
            raise validation(
                f'ExpressionAttributeValues contains invalid key: Syntax error; key: "{reference}"'
            )
    return Values({reference: _value(reference, value) for reference, value in values.items()})


def _value(reference: str, value: Any) -> AttributeValue:
    try:
        return check_value(value)
    except DynamoDbError as error:
        message = f"ExpressionAttributeValues contains invalid value: {error.message} for key {reference}"
        raise validation(message) from error


def check_all_used(names: Names, values: Values, expressions: Iterable[Expression]) -> None:
    """Raises for references that none of the request's expressions uses; call it once all are parsed."""
    used = tuple(expressions)
    _check_used("Names", names, {name for expression in used for name in expression.names})
    _check_used("Values", values, {value for expression in used for value in expression.values})


def _check_used(what: str, given: Mapping[str, object], used: Collection[str]) -> None:
    if len(used) == len(given):
        return
    unused = [reference for reference in _in_java_order(given) if reference not in used]
    raise validation(
        f"Value provided in ExpressionAttribute{what} unused in expressions: keys: {{{', '.join(unused)}}}"
    )


def _in_java_order(keys: Collection[str]) -> list[str]:
    """The keys as a Java HashSet holds them, which is how AWS's messages list them."""
    buckets = 16
    while len(keys) > buckets * 3 // 4:
        buckets *= 2
    return sorted(keys, key=lambda key: _java_hash(key) & (buckets - 1))


def _java_hash(text: str) -> int:
    value = 0
    for character in text:
        value = (value * 31 + ord(character)) & 0xFFFFFFFF
    return value ^ (value >> 16)
