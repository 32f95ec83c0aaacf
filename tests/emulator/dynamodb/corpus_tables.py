# ruff: noqa: E501, PLR0915 - a case reads best in one line, and a theme in one list
"""Cases of the corpus on tables, their time to live, and the parameters of before 2014."""

from collections.abc import Iterator
from typing import Any

from tests.emulator.dynamodb.corpus_cases import (
    KEY,
    TABLES,
    a_case,
)
from tests.emulator.dynamodb.corpus_format import Case
from tests.emulator.dynamodb.engines import a_table, an_index


def tables() -> Iterator[Case]:
    fine = a_table("Made")

    def create(name: str, **changes: Any) -> Case:
        return Case(
            f"create {name}", "CreateTable", {k: v for k, v in (fine | changes).items() if v is not None}
        )

    keys, types = fine["KeySchema"], fine["AttributeDefinitions"]
    throughput = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}
    index = {"IndexName": "One", **an_index("sk")}
    yield create("on demand")
    yield create("provisioned", BillingMode=None, ProvisionedThroughput=throughput)
    yield create("provisioned by name", BillingMode="PROVISIONED", ProvisionedThroughput=throughput)
    yield create("without throughput", BillingMode=None)
    yield create("with both", ProvisionedThroughput=throughput)
    yield create(
        "with no capacity",
        BillingMode=None,
        ProvisionedThroughput={"ReadCapacityUnits": 0, "WriteCapacityUnits": 1},
    )
    yield create("with an unknown mode", BillingMode="FOO")
    yield create("without a name", TableName=None)
    yield create("with a short name", TableName="ab")
    yield create("with a long name", TableName="a" * 256)
    yield create("with a bad name", TableName="a;b")
    yield create("without keys", KeySchema=None)
    yield create("with no keys", KeySchema=[])
    yield create("with three keys", KeySchema=[*keys, keys[0]])
    yield create("with two hashes", KeySchema=[keys[0], keys[0] | {"AttributeName": "sk"}])
    yield create("with the range first", KeySchema=keys[::-1])
    yield create("with one key twice", KeySchema=[keys[0], keys[1] | {"AttributeName": "pk"}])
    yield create("with a hash only and two types", KeySchema=keys[:1])
    yield create("with a key without a type", AttributeDefinitions=types[:1])
    yield create("without types", AttributeDefinitions=None)
    yield create(
        "with an unknown type", AttributeDefinitions=[types[0] | {"AttributeType": "BOOL"}, types[1]]
    )
    yield create("with a type twice", AttributeDefinitions=[*types, types[0]])
    yield create("with an index", GlobalSecondaryIndexes=[index])
    yield create("with an index twice", GlobalSecondaryIndexes=[index, index])
    yield create("with no indexes", GlobalSecondaryIndexes=[])
    yield create(
        "with an index without a type", GlobalSecondaryIndexes=[{"IndexName": "One", **an_index("zz")}]
    )
    yield create(
        "with an index without a projection",
        GlobalSecondaryIndexes=[{k: index[k] for k in ("IndexName", "KeySchema")}],
    )
    yield create(
        "with a bad projection", GlobalSecondaryIndexes=[index | {"Projection": {"ProjectionType": "FOO"}}]
    )
    yield create("with an empty projection", GlobalSecondaryIndexes=[index | {"Projection": {}}])
    yield create(
        "with INCLUDE of nothing",
        GlobalSecondaryIndexes=[index | {"Projection": {"ProjectionType": "INCLUDE"}}],
    )
    yield create(
        "with ALL and names", GlobalSecondaryIndexes=[{"IndexName": "One", **an_index("sk", "ALL", "x")}]
    )
    yield create("with a short index name", GlobalSecondaryIndexes=[index | {"IndexName": "a"}])
    yield create(
        "with 21 indexes", GlobalSecondaryIndexes=[index | {"IndexName": f"I{n:02}"} for n in range(21)]
    )
    yield create(
        "with 20 indexes", GlobalSecondaryIndexes=[index | {"IndexName": f"I{n:02}"} for n in range(20)]
    )
    yield create(
        "with an index's throughput on demand",
        GlobalSecondaryIndexes=[index | {"ProvisionedThroughput": throughput}],
    )
    yield create(
        "provisioned with an index without",
        BillingMode=None,
        ProvisionedThroughput=throughput,
        GlobalSecondaryIndexes=[index],
    )
    local = {"IndexName": "Two", **an_index("pk lk")}
    more = [*types, {"AttributeName": "lk", "AttributeType": "N"}]
    yield create("with a local index", AttributeDefinitions=more, LocalSecondaryIndexes=[local])
    yield create(
        "with 6 local indexes",
        AttributeDefinitions=more,
        LocalSecondaryIndexes=[local | {"IndexName": f"I{n:02}"} for n in range(6)],
    )
    yield create(
        "with a local index of another hash",
        LocalSecondaryIndexes=[{"IndexName": "Two", **an_index("sk pk")}],
    )
    yield create(
        "with a local index without a range", LocalSecondaryIndexes=[{"IndexName": "Two", **an_index("pk")}]
    )
    yield create(
        "with a local index and a hash only",
        KeySchema=keys[:1],
        AttributeDefinitions=[types[0], more[2]],
        LocalSecondaryIndexes=[local],
    )
    yield create(
        "with one name for two indexes",
        AttributeDefinitions=more,
        LocalSecondaryIndexes=[local],
        GlobalSecondaryIndexes=[index | {"IndexName": "Two"}],
    )
    yield create("with a stream", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    yield create("with a stream of no kind", StreamSpecification={"StreamEnabled": True})
    yield create(
        "with a kind of stream and none",
        StreamSpecification={"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"},
    )
    yield Case("create one that is there", "CreateTable", TABLES["Things"], {"Things": []})
    for name in ("Things", "Indexed", "Provisioned", "Nowhere", "a"):
        for operation in ("DescribeTable", "DeleteTable"):
            yield Case(f"{operation} {name}", operation, {"TableName": name}, {"Things": [KEY]})
    yield Case("list", "ListTables", {}, {"Things": [], "Indexed": [], "Hashed": []})
    yield Case("list one", "ListTables", {"Limit": 1}, {"Things": [], "Indexed": [], "Hashed": []})
    yield Case(
        "list from",
        "ListTables",
        {"ExclusiveStartTableName": "Hashed"},
        {"Things": [], "Indexed": [], "Hashed": []},
    )
    yield Case("list 0", "ListTables", {"Limit": 0})
    yield Case("list 101", "ListTables", {"Limit": 101})


def table_updates() -> Iterator[Case]:
    throughput = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 3}
    index = {"IndexName": "New", **an_index("x")}
    kinds = [{"AttributeName": "x", "AttributeType": "S"}]

    def update(name: str, table: str = "Things", **request: Any) -> Case:
        return a_case(name, "UpdateTable", table=table, **request)

    yield update("nothing")
    yield update("a table that is not there", "Nowhere", BillingMode="PAY_PER_REQUEST")
    yield update("to provisioned", BillingMode="PROVISIONED", ProvisionedThroughput=throughput)
    yield update("to provisioned without figures", BillingMode="PROVISIONED")
    yield update("throughput on demand", ProvisionedThroughput=throughput)
    yield update("throughput", "Provisioned", ProvisionedThroughput=throughput)
    yield update(
        "the same throughput",
        "Provisioned",
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
    )
    yield update("to on demand", "Provisioned", BillingMode="PAY_PER_REQUEST")
    yield update("an index more", AttributeDefinitions=kinds, GlobalSecondaryIndexUpdates=[{"Create": index}])
    yield update("an index without a type", GlobalSecondaryIndexUpdates=[{"Create": index}])
    yield update("two indexes at once", AttributeDefinitions=kinds,
                 GlobalSecondaryIndexUpdates=[{"Create": index}, {"Create": index | {"IndexName": "Other"}}])  # fmt: skip
    yield update(
        "an index that is there",
        "Indexed",
        GlobalSecondaryIndexUpdates=[{"Create": {"IndexName": "ByGroup", **an_index("g")}}],
    )
    yield update(
        "without an index", "Indexed", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "ByGroup"}}]
    )
    yield update(
        "without an index that is not there",
        "Indexed",
        GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "Nothing"}}],
    )
    yield update("an empty change", GlobalSecondaryIndexUpdates=[{}])
    yield update("a stream", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    yield update("no stream", StreamSpecification={"StreamEnabled": False})
    yield update("protection", DeletionProtectionEnabled=True)


def time_to_live() -> Iterator[Case]:
    on = {"TableName": "Things", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "ttl"}}
    off = {"TableName": "Things", "TimeToLiveSpecification": {"Enabled": False, "AttributeName": "ttl"}}
    enabled = [("UpdateTimeToLive", on)]
    yield Case("describe none", "DescribeTimeToLive", {"TableName": "Things"})
    yield Case("describe nowhere", "DescribeTimeToLive", {"TableName": "Nowhere"})
    yield Case("enable", "UpdateTimeToLive", on)
    yield Case("enable nowhere", "UpdateTimeToLive", on | {"TableName": "Nowhere"})
    yield Case("disable what is off", "UpdateTimeToLive", off)
    yield Case("describe one", "DescribeTimeToLive", {"TableName": "Things"}, {"Things": []}, before=enabled)
    yield Case("enable twice", "UpdateTimeToLive", on, {"Things": []}, before=enabled)
    yield Case(
        "enable without a name",
        "UpdateTimeToLive",
        {"TableName": "Things", "TimeToLiveSpecification": {"Enabled": True}},
    )
    yield Case(
        "enable an empty name",
        "UpdateTimeToLive",
        {"TableName": "Things", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": ""}},
    )
    yield Case("no specification", "UpdateTimeToLive", {"TableName": "Things"})


LEGACY = "The parameters of before 2014 are not emulated: expressions replaced them; they are refused with a clear text."


def legacy_parameters() -> Iterator[Case]:
    equals = {"AttributeValueList": [{"S": "a"}], "ComparisonOperator": "EQ"}
    for operation, more, name, value, instead in (
        ("GetItem", {"Key": KEY}, "AttributesToGet", ["pk"], "ProjectionExpression"),
        ("PutItem", {"Item": KEY}, "Expected", {"x": {"Exists": False}}, "ConditionExpression"),
        ("DeleteItem", {"Key": KEY}, "Expected", {"x": {"Exists": False}}, "ConditionExpression"),
        ("UpdateItem", {"Key": KEY}, "AttributeUpdates", {"x": {"Value": {"S": "a"}}}, "UpdateExpression"),
        ("UpdateItem", {"Key": KEY}, "Expected", {"x": {"Exists": False}}, "ConditionExpression"),
        ("Query", {}, "KeyConditions", {"pk": equals}, "KeyConditionExpression"),
        ("Scan", {}, "ScanFilter", {"x": equals}, "FilterExpression"),
        ("Scan", {}, "AttributesToGet", ["pk"], "ProjectionExpression"),
    ):
        request = {"TableName": "Things", **more, name: value}
        text = f"The legacy parameter {name} is not emulated by fanout-harness; use {instead} instead."
        refusal = {"error": {"code": "ValidationException", "message": text}}
        yield Case(f"{operation} with {name}", operation, request, here=refusal, differs=LEGACY)
        yield Case(
            f"{operation} with {name} and {instead}", operation, request | {instead: "attribute_exists(pk)"}
        )
