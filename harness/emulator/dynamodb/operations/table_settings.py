"""Time to live, tags, limits, endpoints and backups: what there is besides a table's items and definition."""

from collections.abc import Mapping
from typing import Any

from harness.emulator.dynamodb.database import Database
from harness.emulator.dynamodb.errors import invalid_parameters, resource_not_found, validation
from harness.emulator.dynamodb.operations.tables import find_table
from harness.emulator.dynamodb.table import Table

MAX_TAGS = 50


def update_time_to_live(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    """Takes effect at once; on AWS within an hour (D-46)."""
    table, asked = find_table(database, body), body["TimeToLiveSpecification"]
    attribute, current = asked["AttributeName"], table.ttl_attribute
    if asked["Enabled"] and current == attribute:
        raise validation("TimeToLive is already enabled")
    if current is not None and current != attribute:
        raise validation(
            f"TimeToLive is active on a different AttributeName: current AttributeName is {current}"
        )
    if not asked["Enabled"] and current is None:
        raise validation("TimeToLive is already disabled")
    table.set_ttl_attribute(attribute if asked["Enabled"] else None)
    return {"TimeToLiveSpecification": {"Enabled": asked["Enabled"], "AttributeName": attribute}}


def describe_time_to_live(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    attribute = find_table(database, body).ttl_attribute
    if attribute is None:
        return {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
    return {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": attribute}}


def tag_resource(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    table = _tagged(database, body)
    tags = {**table.tags, **{tag["Key"]: tag["Value"] for tag in body["Tags"]}}
    if len(tags) > MAX_TAGS:
        raise validation(f"Too many tags: a resource may have {MAX_TAGS}")
    table.tags = tags
    return {}


def untag_resource(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    table = _tagged(database, body)
    table.tags = {name: value for name, value in table.tags.items() if name not in body["TagKeys"]}
    return {}


def list_tags_of_resource(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    tags = _tagged(database, body).tags
    return {"Tags": [{"Key": name, "Value": value} for name, value in tags.items()]}


def _tagged(database: Database, body: Mapping[str, Any]) -> Table:
    arn = body["ResourceArn"]
    if not arn.startswith("arn:aws:dynamodb:"):
        raise invalid_parameters(f"Invalid TableArn: Invalid ResourceArn provided as input {arn}")
    table = next((table for table in database.tables.values() if table.arn == arn), None)
    if table is None:
        raise resource_not_found(f"Requested resource not found: ResourcArn: {arn} not found")
    return table


def describe_limits(_database: Database, _body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "AccountMaxReadCapacityUnits": 80_000,
        "AccountMaxWriteCapacityUnits": 80_000,
        "TableMaxReadCapacityUnits": 40_000,
        "TableMaxWriteCapacityUnits": 40_000,
    }


def describe_endpoints(database: Database, _body: Mapping[str, Any]) -> dict[str, Any]:
    address = f"dynamodb.{database.region}.amazonaws.com"
    return {"Endpoints": [{"Address": address, "CachePeriodInMinutes": 1440}]}


def describe_continuous_backups(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    find_table(database, body)
    point_in_time = {"PointInTimeRecoveryStatus": "DISABLED"}
    return {
        "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": point_in_time,
        }
    }
