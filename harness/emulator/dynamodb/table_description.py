"""Table description, as DescribeTable gives it."""

from collections.abc import Mapping
from typing import Any

from harness.emulator.dynamodb.secondary_index import SecondaryIndex
from harness.emulator.dynamodb.table import Table, Throughputs


def described(
    table: Table, *, status: str = "ACTIVE", index_status: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The TableDescription. `index_status` holds the status of indexes that are not ACTIVE."""
    definition = table.definition
    answer: dict[str, Any] = {
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in definition.types.items()
        ],
        "TableName": table.name,
        "KeySchema": table.schema.described(),
        "TableStatus": status,
        "CreationDateTime": table.created_at,
        "ProvisionedThroughput": _throughput(definition.throughput),
        "TableSizeBytes": table.rows.size,
        "ItemCount": len(table.rows),
        "TableArn": table.arn,
        "TableId": table.table_id,
        "DeletionProtectionEnabled": definition.deletion_protection,
    }
    if table.on_demand_since is not None:
        answer["BillingModeSummary"] = {
            "BillingMode": "PAY_PER_REQUEST",
            "LastUpdateToPayPerRequestDateTime": table.on_demand_since,
        }
    if definition.table_class is not None:
        answer["TableClassSummary"] = {"TableClass": definition.table_class}
    if definition.encryption is not None and definition.encryption.get("Enabled"):
        answer["SSEDescription"] = _encryption(table, definition.encryption)
    return answer | _indexes(table, index_status or {}) | _stream(table)


def _throughput(throughput: Throughputs | None) -> dict[str, Any]:
    read, write = throughput or (0, 0)
    return {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": read, "WriteCapacityUnits": write}


def _indexes(table: Table, status: Mapping[str, str]) -> dict[str, Any]:
    described: dict[str, Any] = {}
    for index in table.indexes.values():
        one = _index(table, index)
        if index.definition.is_global:
            one["IndexStatus"] = status.get(index.name, "ACTIVE")
            if one["IndexStatus"] == "CREATING":
                one["Backfilling"] = False
            one["ProvisionedThroughput"] = _throughput(index.definition.throughput)
            described.setdefault("GlobalSecondaryIndexes", []).append(one)
        else:
            described.setdefault("LocalSecondaryIndexes", []).append(one)
    return described


def _index(table: Table, index: SecondaryIndex) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": index.definition.projection.type}
    if index.definition.projection.attributes:
        projection["NonKeyAttributes"] = list(index.definition.projection.attributes)
    return {
        "IndexName": index.name,
        "KeySchema": index.definition.schema.described(),
        "Projection": projection,
        "IndexSizeBytes": index.rows.size,
        "ItemCount": len(index.rows),
        "IndexArn": f"{table.arn}/index/{index.name}",
    }


def _stream(table: Table) -> dict[str, Any]:
    stream = table.stream
    if stream is None:
        return {}
    latest = {"LatestStreamLabel": stream.label, "LatestStreamArn": stream.arn}
    specification = {"StreamEnabled": True, "StreamViewType": stream.view_type}
    return {"StreamSpecification": specification, **latest}


def _encryption(table: Table, asked: Mapping[str, object]) -> dict[str, Any]:
    key = (
        asked.get("KMSMasterKeyId")
        or f"{table.arn.rpartition(':table/')[0].replace(':dynamodb:', ':kms:')}:key/default"
    )
    return {"Status": "ENABLED", "SSEType": asked.get("SSEType") or "KMS", "KMSMasterKeyArn": key}
