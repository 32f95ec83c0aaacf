"""Tables of a template."""

from collections.abc import Iterator

from harness.stack.template.intrinsics import only_reference
from harness.stack.template.names import TABLE_LENGTH, generated_name
from harness.stack.template.reading import Reading, Resource, is_true, list_of, mapping_of
from harness.yaml_source import Location

TABLES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")

_READ = (
    "AttributeDefinitions",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "StreamSpecification",
    "TableName",
    "TimeToLiveSpecification",
)
_WITHOUT_EFFECT = (
    "BillingMode ContributorInsightsSpecification DeletionProtectionEnabled OnDemandThroughput "
    "PointInTimeRecoverySpecification ProvisionedThroughput Replicas ResourcePolicy SSESpecification TableClass Tags "
    "WarmThroughput WriteOnDemandThroughputSettings WriteProvisionedThroughputSettings"
)


def read_tables(reading: Reading) -> None:
    """Every table, with its keys, indexes, TTL attribute and stream."""
    for resource in reading.of_type(*TABLES):
        reading.notice_unread(resource, read=_READ, without_effect=_WITHOUT_EFFECT)
        _read_table(reading, resource)


def _read_table(reading: Reading, resource: Resource) -> None:
    location: Location = ("tables", resource.logical_id)
    name = reading.text(resource, "TableName")
    generated = generated_name(reading.stack_name, resource.logical_id, longest=TABLE_LENGTH)
    reading.put(location, {"name": name or generated}, resource.location)
    reading.places[(*location, "name")] = resource.property_location("TableName")
    keys = dict(_keys(reading.property(resource, "KeySchema")))
    for field, key in keys.items():
        reading.put((*location, field), key, resource.property_location("KeySchema"))
    ttl = mapping_of(reading.property(resource, "TimeToLiveSpecification"))
    if is_true(ttl.get("Enabled")):
        place = resource.property_location("TimeToLiveSpecification")
        reading.put((*location, "ttl"), ttl.get("AttributeName"), place)
    stream = mapping_of(reading.property(resource, "StreamSpecification"))
    if "StreamViewType" in stream:
        place = resource.property_location("StreamSpecification")
        reading.put((*location, "stream"), stream["StreamViewType"], place)
    indexes = list_of(reading.property(resource, "GlobalSecondaryIndexes"))
    for number, index in enumerate(map(mapping_of, indexes)):
        place = resource.property_location("GlobalSecondaryIndexes", number)
        projection = mapping_of(index.get("Projection"))
        found = dict(_keys(index.get("KeySchema"))) | {"projection": projection.get("ProjectionType")}
        if "NonKeyAttributes" in projection:
            found["include"] = projection["NonKeyAttributes"]
        reading.put((*location, "indexes", str(index.get("IndexName"))), found, place)
    place = resource.property_location("AttributeDefinitions")
    types = dict(_types(reading.property(resource, "AttributeDefinitions")))
    reading.put((*location, "types"), types, place)


def stream_of(reading: Reading, value: object) -> str | None:
    """The table whose stream's ARN a value is; None for anything else."""
    reference = only_reference(value)
    if reference is None or reference.attribute != "StreamArn":
        return None
    return reference.logical_id if reading.resources[reference.logical_id].type in TABLES else None


def _keys(schema: object) -> Iterator[tuple[str, object]]:
    for key in map(mapping_of, list_of(schema)):
        field = "hash_key" if key.get("KeyType") == "HASH" else "range_key"
        yield field, key.get("AttributeName")


def _types(definitions: object) -> Iterator[tuple[str, object]]:
    """The types that are not S, which goes without saying."""
    for definition in map(mapping_of, list_of(definitions)):
        if definition.get("AttributeType") != "S":
            yield str(definition.get("AttributeName")), definition.get("AttributeType")
