"""Key schema: which attributes are a table's or an index's key, and whether a given key fits it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from harness.emulator.dynamodb.attribute_values import Item, type_of
from harness.emulator.dynamodb.errors import DynamoDbError, invalid_parameters, validation

MAX_HASH_BYTES = 2048
"""Bytes of a partition key's value (D-25)."""
MAX_RANGE_BYTES = 1024
"""Bytes of a sort key's value (D-25)."""

AttributeTypes: TypeAlias = Mapping[str, str]
"""S, N or B by attribute name."""

_EMPTY = "The AttributeValue for a key attribute cannot contain an empty"


@dataclass(frozen=True, slots=True)
class KeyAttribute:
    """One attribute of a key; `type` is S, N or B."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class KeySchema:
    """The partition key and, for some tables, the sort key."""

    hash: KeyAttribute
    range: KeyAttribute | None = None

    @property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        """The hash key, then the range key if there is one."""
        return (self.hash,) if self.range is None else (self.hash, self.range)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(attribute.name for attribute in self.attributes)

    def key_of(self, item: Item) -> Item:
        """The key attributes of an item that has them."""
        return {name: item[name] for name in self.names}

    def described(self) -> list[dict[str, str]]:
        """As in a TableDescription."""
        kinds = ("HASH", "RANGE")
        return [
            {"AttributeName": name, "KeyType": kind} for name, kind in zip(self.names, kinds, strict=False)
        ]


def parse_key_schema(elements: list[dict[str, str]], types: AttributeTypes) -> KeySchema:
    """The schema of checked elements: HASH first, every name with a type."""
    keys = [KeyAttribute(element["AttributeName"], types[element["AttributeName"]]) for element in elements]
    return KeySchema(*keys)


def check_key(schema: KeySchema, key: Item) -> None:
    """Raises for a Key of GetItem, UpdateItem or DeleteItem that does not fit the table (D-14, D-19)."""
    attributes = schema.attributes
    if len(key) != len(attributes) or any(
        attribute.name not in key or attribute.type not in key[attribute.name] for attribute in attributes
    ):
        raise does_not_match_schema()
    _check_contents(schema, key)


def does_not_match_schema() -> DynamoDbError:
    """A Key with other attributes or types than the table's (D-19)."""
    return validation("The provided key element does not match the schema")


def check_item_key(schema: KeySchema, item: Item) -> None:
    """Raises for an Item of PutItem whose table key is missing or unfit (D-12, D-14, D-15)."""
    for attribute in schema.attributes:
        value = item.get(attribute.name)
        if value is None:
            raise invalid_parameters(f"Missing the key {attribute.name} in the item")
        if attribute.type not in value:
            raise invalid_parameters(
                f"Type mismatch for key {attribute.name} expected: {attribute.type} actual: {type_of(value)}"
            )
    _check_contents(schema, item)


def check_index_key(
    schema: KeySchema, item: Item, index: str, *, touched: Collection[str] | None = None
) -> None:
    """Raises for a written item whose secondary index key is there, but unfit (D-11, D-13).

    Of an updated item only what the update `touched` is looked at; None stands for everything.
    """
    for attribute in schema.attributes:
        value = item.get(attribute.name)
        if value is None or (touched is not None and attribute.name not in touched):
            continue
        if attribute.type not in value:
            raise invalid_parameters(
                f"Type mismatch for Index Key {attribute.name} Expected: {attribute.type} "
                f"Actual: {type_of(value)} IndexName: {index}"
            )
        if not value[attribute.type]:
            raise validation(
                "One or more parameter values are not valid. A value specified for a secondary index key is not "
                f"supported. {_EMPTY} {_kind(attribute)} value. IndexName: {index}, IndexKey: {attribute.name}"
            )
    _check_sizes(schema, item)


def _check_contents(schema: KeySchema, key: Item) -> None:
    for attribute in schema.attributes:
        if not key[attribute.name][attribute.type]:
            raise empty_key(attribute)
    _check_sizes(schema, key)


def empty_key(attribute: KeyAttribute) -> DynamoDbError:
    """An empty value for a table's key (D-14)."""
    return validation(
        f"One or more parameter values are not valid. {_EMPTY} {_kind(attribute)} value. Key: {attribute.name}"
    )


def _kind(attribute: KeyAttribute) -> str:
    return "binary" if attribute.type == "B" else "string"


def _check_sizes(schema: KeySchema, key: Item) -> None:
    # Written as AWS writes it, without the space.
    if _bytes_in(key, schema.hash) > MAX_HASH_BYTES:
        raise invalid_parameters(
            f"Size of hashkey has exceeded the maximum size limit of{MAX_HASH_BYTES} bytes"
        )
    if schema.range is not None and _bytes_in(key, schema.range) > MAX_RANGE_BYTES:
        raise invalid_parameters(
            f"Aggregated size of all range keys has exceeded the size limit of {MAX_RANGE_BYTES} bytes"
        )


def _bytes_in(key: Item, attribute: KeyAttribute) -> int:
    text: str = key.get(attribute.name, {}).get(attribute.type, "")
    match attribute.type:
        case "S" if len(text) * 4 <= MAX_RANGE_BYTES:
            return len(text)  # surely short enough, whatever it encodes to
        case "S":
            return len(text.encode())
        case "B":
            return len(text) // 4 * 3 - text.endswith("=") - text.endswith("==")
    return 0
