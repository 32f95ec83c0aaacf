"""Table definition: whether what CreateTable and UpdateTable ask for is a table that DynamoDB can make.

The request's shape is checked before; these are the rules between its members, in AWS's words and order.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.emulator.dynamodb.errors import DynamoDbError, invalid_parameters, validation
from harness.emulator.dynamodb.key_schema import AttributeTypes, KeySchema, parse_key_schema
from harness.emulator.dynamodb.secondary_index import IndexDefinition, Projection
from harness.emulator.dynamodb.table import TableDefinition, Throughputs

MAX_GLOBAL_INDEXES = 20
MAX_LOCAL_INDEXES = 5

_NOT_EMULATED = ("GlobalTableSourceArn", "OnDemandThroughput", "ResourcePolicy", "WarmThroughput")


def parse_create_table(body: Mapping[str, Any]) -> TableDefinition:
    """The table that CreateTable asks for; raises a ValidationException with AWS's text."""
    refuse_what_is_not_emulated(body)
    for member in ("AttributeDefinitions", "KeySchema"):
        if body.get(member) is None:
            shown = member[0].lower() + member[1:]
            raise validation(
                f"1 validation error detected: Value null at '{shown}' failed to satisfy constraint: "
                "Member must not be null"
            )
    types = parse_types(body["AttributeDefinitions"])
    throughput = parse_billing(body.get("BillingMode"), body.get("ProvisionedThroughput"))
    schema = _table_schema(body["KeySchema"], types)
    indexes = (
        *_local_indexes(body.get("LocalSecondaryIndexes"), schema, types),
        *_global_indexes(body.get("GlobalSecondaryIndexes"), types, on_demand=throughput is None),
    )
    _check_index_names(indexes)
    check_all_used(types, schema, indexes)
    return TableDefinition(
        name=body["TableName"],
        schema=schema,
        types=types,
        indexes=indexes,
        throughput=throughput,
        stream_view=parse_stream(body.get("StreamSpecification")),
        tags={tag["Key"]: tag["Value"] for tag in body.get("Tags") or ()},
        table_class=body.get("TableClass"),
        encryption=body.get("SSESpecification"),
        deletion_protection=bool(body.get("DeletionProtectionEnabled")),
    )


def refuse_what_is_not_emulated(body: Mapping[str, Any]) -> None:
    """Raises for members that would change what the table does, and that nobody here acts on."""
    for member in _NOT_EMULATED:
        if body.get(member) is not None:
            raise validation(f"{member} is not emulated by fanout-harness; nothing was done.")


# --- attributes and keys ----------------------------------------------------------------------------------


def parse_types(definitions: Sequence[Mapping[str, str]]) -> AttributeTypes:
    """The types by attribute name."""
    types = {one["AttributeName"]: one["AttributeType"] for one in definitions}
    if len(types) < len(definitions):
        raise validation("Cannot have two attributes with the same name")
    return types


def _table_schema(elements: list[dict[str, str]], types: AttributeTypes) -> KeySchema:
    undefined = [one["AttributeName"] for one in elements if one["AttributeName"] not in types]
    _check_key_elements(elements)
    if undefined:
        keys = ", ".join(one["AttributeName"] for one in elements)
        raise invalid_parameters(
            f"Some index key attributes are not defined in AttributeDefinitions. Keys: [{keys}], "
            f"AttributeDefinitions: [{', '.join(types)}]"
        )
    return parse_key_schema(elements, types)


def _index_schema(elements: list[dict[str, str]], types: AttributeTypes) -> KeySchema:
    _check_key_elements(elements)
    keys = [one["AttributeName"] for one in elements]
    if any(key not in types for key in keys):
        raise invalid_parameters(
            f"Some index key attributes are not defined in AttributeDefinitions. Keys: [{', '.join(keys)}], "
            f"AttributeDefinitions: [{', '.join(types)}]"
        )
    return parse_key_schema(elements, types)


def _check_key_elements(elements: list[dict[str, str]]) -> None:
    if len(elements) > 2:
        shown = ", ".join(f"{one['AttributeName']} {one['KeyType']}" for one in elements)
        raise validation(
            f"1 validation error detected: Value '[{shown}]' at 'keySchema' failed to satisfy constraint: "
            "Member must have length less than or equal to 2"
        )
    if elements[0]["KeyType"] != "HASH":
        raise invalid_parameters("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if len(elements) == 2 and elements[1]["KeyType"] != "RANGE":
        raise invalid_parameters("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
    if len(elements) == 2 and elements[0]["AttributeName"] == elements[1]["AttributeName"]:
        raise validation("Both the Hash Key and the Range Key element in the KeySchema have the same name")


def check_all_used(types: AttributeTypes, schema: KeySchema, indexes: Sequence[IndexDefinition]) -> None:
    """Raises for a definition of an attribute that no key is made of."""
    used = dict.fromkeys([*schema.names, *(name for index in indexes for name in index.schema.names)])
    if set(types) <= set(used):
        return
    if not indexes:
        raise invalid_parameters(
            "Number of attributes in KeySchema does not exactly match number of attributes defined in "
            "AttributeDefinitions"
        )
    raise invalid_parameters(
        f"Some AttributeDefinitions are not used. AttributeDefinitions: [{', '.join(types)}], "
        f"keys used: [{', '.join(used)}]"
    )


# --- indexes ----------------------------------------------------------------------------------------------


def _local_indexes(
    asked: Sequence[Mapping[str, Any]] | None, table: KeySchema, types: AttributeTypes
) -> Iterator[IndexDefinition]:
    if asked is None:
        return
    if not asked:
        raise invalid_parameters("List of LocalSecondaryIndexes is empty")
    if table.range is None:
        raise invalid_parameters(
            "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
        )
    if len(asked) > MAX_LOCAL_INDEXES:
        raise invalid_parameters(
            f"Number of LocalSecondaryIndexes exceeds per-table limit of {MAX_LOCAL_INDEXES}"
        )
    for one in asked:
        schema = _index_schema(one["KeySchema"], types)
        _check_local(one["IndexName"], schema, table)
        yield IndexDefinition(
            one["IndexName"], schema, parse_projection_of(one["Projection"]), is_global=False
        )


def _check_local(name: str, schema: KeySchema, table: KeySchema) -> None:
    if schema.hash.name != table.hash.name:
        raise invalid_parameters(
            f"Index KeySchema does not have the same leading hash key as table KeySchema for index: {name}. "
            f"index hash key: {schema.hash.name}, table hash key: {table.hash.name}"
        )
    if schema.range is None:
        raise invalid_parameters(f"Index KeySchema does not have a range key for index: {name}")


def _global_indexes(
    asked: Sequence[Mapping[str, Any]] | None, types: AttributeTypes, *, on_demand: bool
) -> Iterator[IndexDefinition]:
    if asked is None:
        return
    if not asked:
        raise invalid_parameters("List of GlobalSecondaryIndexes is empty")
    if len(asked) > MAX_GLOBAL_INDEXES:
        raise too_many_global_indexes()
    for one in asked:
        yield parse_global_index(one, types, on_demand=on_demand)


def too_many_global_indexes() -> DynamoDbError:
    """More global indexes than a table may have."""
    return invalid_parameters(
        f"GlobalSecondaryIndex count exceeds the per-table limit of {MAX_GLOBAL_INDEXES}"
    )


def parse_global_index(
    asked: Mapping[str, Any], types: AttributeTypes, *, on_demand: bool
) -> IndexDefinition:
    """A global index of CreateTable or UpdateTable."""
    refuse_what_is_not_emulated(asked)
    name, given = asked["IndexName"], asked.get("ProvisionedThroughput")
    schema = _index_schema(asked["KeySchema"], types)
    projection = parse_projection_of(asked["Projection"])
    if on_demand and given is not None:
        raise invalid_parameters(
            f"ProvisionedThroughput should not be specified for index: {name} when BillingMode is PAY_PER_REQUEST"
        )
    if not on_demand and given is None:
        raise invalid_parameters(f"ProvisionedThroughput is not specified for index: {name}")
    throughput = None if given is None else _units(given)
    return IndexDefinition(name, schema, projection, is_global=True, throughput=throughput)


def parse_projection_of(asked: Mapping[str, Any]) -> Projection:
    """What an index copies."""
    kind, attributes = asked.get("ProjectionType"), asked.get("NonKeyAttributes")
    if kind is None:
        raise invalid_parameters("Unknown ProjectionType: null")
    if kind == "INCLUDE" and not attributes:
        raise invalid_parameters("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
    if kind != "INCLUDE" and attributes is not None:
        raise invalid_parameters(f"ProjectionType is {kind}, but NonKeyAttributes is specified")
    return Projection(kind, tuple(attributes or ()))


def _check_index_names(indexes: Sequence[IndexDefinition]) -> None:
    seen: set[str] = set()
    for index in indexes:
        if index.name in seen:
            raise invalid_parameters(f"Duplicate index name: {index.name}")
        seen.add(index.name)


# --- throughput and streams -------------------------------------------------------------------------------


def parse_billing(mode: str | None, given: Mapping[str, int] | None) -> Throughputs | None:
    """The provisioned units, None for a table on demand."""
    if mode == "PAY_PER_REQUEST":
        if given is not None:
            raise invalid_parameters(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
                "PAY_PER_REQUEST"
            )
        return None
    if given is None:
        raise invalid_parameters(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        )
    return _units(given)


def _units(given: Mapping[str, int]) -> Throughputs:
    return int(given["ReadCapacityUnits"]), int(given["WriteCapacityUnits"])


def parse_stream(asked: Mapping[str, Any] | None) -> str | None:
    """The StreamViewType of an enabled stream, None for no stream."""
    if asked is None:
        return None
    view: str | None = asked.get("StreamViewType")
    if asked["StreamEnabled"] and view is None:
        raise validation(
            "One or more parameter values were invalid: Invalid StreamViewType: "
            "Stream ViewType must not be null or empty when enabling streams."
        )
    if not asked["StreamEnabled"] and view is not None:
        raise validation(
            "One or more parameter values were invalid: Invalid StreamViewType: "
            "Stream StreamEnabled was false but a StreamViewType was present."
        )
    return view
