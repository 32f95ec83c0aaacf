"""Keys of secondary indexes: whether an update may leave these values in them.

A literal of the wrong type is refused as PutItem refuses it (D-16), one that comes from another attribute in words of
its own (D-17).
"""

from collections.abc import Iterator

from harness.emulator.dynamodb.attribute_values import Item
from harness.emulator.dynamodb.errors import validation
from harness.emulator.dynamodb.expressions.updates import Update
from harness.emulator.dynamodb.key_schema import KeyAttribute, check_index_key
from harness.emulator.dynamodb.table import Table

_EMPTY_INDEX_KEY = (
    "One or more parameter values are not valid. The update expression attempted to update a secondary index key to "
    "a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value."
)


_SCALARS = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "


def check_no_key_nested(table: Table, nested: frozenset[str]) -> None:
    """Raises for an expression that goes into a key of the table, or of an index of it."""
    for attribute in table.schema.attributes if nested else ():
        if attribute.name in nested:
            raise validation(f"{_SCALARS}Key: {attribute.name}")
    check_no_index_key_nested(table, nested)


def check_no_index_key_nested(table: Table, nested: frozenset[str]) -> None:
    """Raises for an update that changes or reads something nested in an index key, which is a scalar."""
    for index in table.indexes.values() if nested else ():
        for attribute in index.definition.schema.attributes:
            if attribute.name in nested:
                raise validation(f"{_SCALARS}IndexKey: {attribute.name}")


def check_updated_index_keys(table: Table, update: Update, item: Item) -> None:
    """Raises for an updated item whose secondary index key the update made unfit."""
    for attribute in _touched(table, update):
        value = item.get(attribute.name)
        if value is None:
            continue
        if not value.get(attribute.type, " "):
            raise validation(_EMPTY_INDEX_KEY)
        if attribute.type not in value and attribute.name not in update.literals:
            raise validation(
                "The update expression attempted to update the secondary index key to unsupported type"
            )
    for index in table.indexes.values():
        check_index_key(index.definition.schema, item, index.name, touched=update.top_level_names)


def _touched(table: Table, update: Update) -> Iterator[KeyAttribute]:
    for index in table.indexes.values():
        for attribute in index.definition.schema.attributes:
            if attribute.name in update.top_level_names:
                yield attribute
