"""CreateTable, UpdateTable and their like: what tables can be made, changed and described."""

from typing import Any

import pytest

from tests.emulator.dynamodb.engines import Body, a_table, an_engine, an_index, item, key_schema

INVALID = "One or more parameter values were invalid: "
PROVISIONED = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 3}

REFUSED = [
    pytest.param(
        {}, "The parameter 'TableName' is required but was not present in the request", id="no name"
    ),
    pytest.param(
        a_table("ab"),
        "TableName must be at least 3 characters long and at most 255 characters long",
        id="a short name",
    ),
    pytest.param(
        a_table("a table"),
        "1 validation error detected: Value 'a table' at 'tableName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
        id="a blank in the name",
    ),
    pytest.param(
        {"TableName": "Things"},
        "1 validation error detected: Value null at 'attributeDefinitions' failed to satisfy constraint: "
        "Member must not be null",
        id="no attributes",
    ),
    pytest.param(
        a_table(KeySchema=[{"AttributeName": "pk", "KeyType": "SORT"}, {"KeyType": "HASH"}]),
        "2 validation errors detected: Value 'SORT' at 'keySchema.1.member.keyType' failed to satisfy "
        "constraint: Member must satisfy enum value set: [HASH, RANGE]; Value null at "
        "'keySchema.2.member.attributeName' failed to satisfy constraint: Member must not be null",
        id="several mistakes in the shape are told together",
    ),
    pytest.param(
        a_table(AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}] * 2),
        "Cannot have two attributes with the same name",
        id="an attribute defined twice",
    ),
    pytest.param(
        a_table(BillingMode="PAY_PER_REQUEST", ProvisionedThroughput=PROVISIONED),
        INVALID + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
        "PAY_PER_REQUEST",
        id="throughput on demand",
    ),
    pytest.param(
        a_table(BillingMode="PROVISIONED"),
        INVALID
        + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        id="provisioned without throughput",
    ),
    pytest.param(
        a_table(KeySchema=key_schema("pk sk")[::-1]),
        INVALID + "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
        id="range key first",
    ),
    pytest.param(
        a_table(KeySchema=key_schema("pk pk")),
        "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        id="one attribute for both keys",
    ),
    pytest.param(
        a_table(KeySchema=key_schema("pk x")),
        INVALID + "Some index key attributes are not defined in AttributeDefinitions. Keys: [pk, x], "
        "AttributeDefinitions: [pk, sk]",
        id="an undefined key attribute",
    ),
    pytest.param(
        a_table(KeySchema=key_schema("pk")),
        INVALID + "Number of attributes in KeySchema does not exactly match number of attributes defined in "
        "AttributeDefinitions",
        id="a definition that is not used",
    ),
    pytest.param(
        a_table(global_indexes={"ByX": an_index("x", "KEYS_ONLY", "y")}),
        INVALID + "ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified",
        id="attributes beside KEYS_ONLY",
    ),
    pytest.param(
        a_table(global_indexes={"ByX": an_index("x", "INCLUDE")}),
        INVALID + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
        id="INCLUDE of nothing",
    ),
    pytest.param(
        a_table(global_indexes={"ByX": an_index("x")}, local_indexes={"ByX": an_index("pk x")}),
        INVALID + "Duplicate index name: ByX",
        id="two indexes of one name",
    ),
    pytest.param(
        a_table(key="pk", local_indexes={"ByX": an_index("pk x")}),
        INVALID + "Table KeySchema does not have a range key, which is required when specifying a "
        "LocalSecondaryIndex",
        id="a local index of a table without range key",
    ),
    pytest.param(
        a_table(local_indexes={"ByX": an_index("x sk")}),
        INVALID
        + "Index KeySchema does not have the same leading hash key as table KeySchema for index: ByX. "
        "index hash key: x, table hash key: pk",
        id="a local index with a hash key of its own",
    ),
    pytest.param(
        a_table(local_indexes={f"By{n}": an_index("pk x") for n in range(6)}),
        INVALID + "Number of LocalSecondaryIndexes exceeds per-table limit of 5",
        id="six local indexes",
    ),
    pytest.param(
        a_table(global_indexes={f"ByX{n}": an_index("x") for n in range(21)}),
        INVALID + "GlobalSecondaryIndex count exceeds the per-table limit of 20",
        id="twenty-one global indexes",
    ),
    pytest.param(
        a_table(StreamSpecification={"StreamEnabled": True}),
        INVALID + "Invalid StreamViewType: Stream ViewType must not be null or empty when enabling streams.",
        id="a stream of nothing",
    ),
    pytest.param(
        a_table(WarmThroughput={"ReadUnitsPerSecond": 1}),
        "WarmThroughput is not emulated by fanout-harness; nothing was done.",
        id="what is not emulated is refused",
    ),
]


@pytest.mark.parametrize(("asked", "message"), REFUSED)
def test_a_table_that_cannot_be_made_is_refused_in_the_words_of_aws(asked: Body, message: str) -> None:
    engine = an_engine()
    assert engine.message("CreateTable", **asked) == message
    assert engine("ListTables") == {"TableNames": []}


def test_a_new_table_is_creating_in_the_answer_and_active_for_the_next_reader() -> None:
    engine = an_engine()
    created = engine("CreateTable", **a_table(global_indexes={"ByX": an_index("x sk", "INCLUDE", "y")}))
    table = created["TableDescription"]
    assert (table["TableStatus"], table["GlobalSecondaryIndexes"][0]["IndexStatus"]) == (
        "CREATING",
        "CREATING",
    )
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/Things"
    assert engine("DescribeTable", TableName="Things")["Table"] == {
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": "x", "AttributeType": "S"},
        ],
        "TableName": "Things",
        "KeySchema": key_schema("pk sk"),
        "TableStatus": "ACTIVE",
        "CreationDateTime": 1_700_000_000.0,
        "ProvisionedThroughput": {
            "NumberOfDecreasesToday": 0,
            "ReadCapacityUnits": 0,
            "WriteCapacityUnits": 0,
        },
        "TableSizeBytes": 0,
        "ItemCount": 0,
        "TableArn": arn,
        "TableId": table["TableId"],
        "DeletionProtectionEnabled": False,
        "BillingModeSummary": {
            "BillingMode": "PAY_PER_REQUEST",
            "LastUpdateToPayPerRequestDateTime": 1_700_000_000.0,
        },
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "ByX",
                "KeySchema": key_schema("x sk"),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["y"]},
                "IndexSizeBytes": 0,
                "ItemCount": 0,
                "IndexArn": f"{arn}/index/ByX",
                "IndexStatus": "ACTIVE",
                "ProvisionedThroughput": {
                    "NumberOfDecreasesToday": 0,
                    "ReadCapacityUnits": 0,
                    "WriteCapacityUnits": 0,
                },
            }
        ],
    }


def test_items_and_bytes_are_counted() -> None:
    engine = an_engine(a_table(global_indexes={"ByX": an_index("x", "KEYS_ONLY")}))
    engine("PutItem", TableName="Things", Item=item(pk="a", sk="b", x="c", more="four"))
    engine("PutItem", TableName="Things", Item=item(pk="a", sk="c"))
    table = engine("DescribeTable", TableName="Things")["Table"]
    (index,) = table["GlobalSecondaryIndexes"]
    assert (table["ItemCount"], table["TableSizeBytes"]) == (2, 22)
    assert (index["ItemCount"], index["IndexSizeBytes"]) == (1, 8)


@pytest.mark.parametrize("operation", ["DescribeTable", "DeleteTable", "DescribeTimeToLive"])
def test_a_table_that_is_not_there_is_named(operation: str) -> None:
    error = an_engine().refusal(operation, TableName="Things")
    assert error.code == "ResourceNotFoundException"
    assert error.message == "Requested resource not found: Table: Things not found"


def test_a_name_is_taken_until_its_table_is_deleted() -> None:
    engine = an_engine(a_table())
    error = engine.refusal("CreateTable", **a_table())
    assert (error.code, error.message) == ("ResourceInUseException", "Table already exists: Things")
    deleted = engine("DeleteTable", TableName="Things")["TableDescription"]
    assert (deleted["TableName"], deleted["TableStatus"]) == ("Things", "DELETING")
    engine("CreateTable", **a_table())
    assert engine("ListTables") == {"TableNames": ["Things"]}


def test_a_protected_table_stays() -> None:
    engine = an_engine(a_table(DeletionProtectionEnabled=True))
    assert engine.message("DeleteTable", TableName="Things").startswith("Resource cannot be deleted as it is")
    engine("UpdateTable", TableName="Things", DeletionProtectionEnabled=False)
    engine("DeleteTable", TableName="Things")


def test_a_table_may_be_named_by_its_arn() -> None:
    engine = an_engine(a_table())
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/Things"
    engine("PutItem", TableName=arn, Item=item(pk="a", sk="b"))
    assert engine("DescribeTable", TableName=arn)["Table"]["ItemCount"] == 1


def test_tables_are_listed_by_name_and_by_page() -> None:
    engine = an_engine(*(a_table(name) for name in ("cherry", "apple", "banana")))
    first = engine("ListTables", Limit=2)
    assert first == {"TableNames": ["apple", "banana"], "LastEvaluatedTableName": "banana"}
    assert engine("ListTables", ExclusiveStartTableName="banana") == {"TableNames": ["cherry"]}


# --- UpdateTable ------------------------------------------------------------------------------------------


def created(key: str = "x", **more: Any) -> Body:
    return {"Create": {"IndexName": "ByX", **an_index(key), **more}}


X = [{"AttributeName": "x", "AttributeType": "S"}]


def test_an_index_that_is_added_is_filled_from_the_items_that_fit_it() -> None:
    engine = an_engine(a_table())
    for sort, x in (("1", {"S": "red"}), ("2", {"N": "7"}), ("3", {"S": "red"}), ("4", {"S": ""})):
        engine("PutItem", TableName="Things", Item=item(pk="a", sk=sort, x=x))
    updated = engine(
        "UpdateTable",
        TableName="Things",
        AttributeDefinitions=X,
        GlobalSecondaryIndexUpdates=[created("x sk")],
    )["TableDescription"]
    assert updated["TableStatus"] == "UPDATING"
    assert updated["GlobalSecondaryIndexes"][0]["IndexStatus"] == "CREATING"
    found = engine(
        "Query",
        TableName="Things",
        IndexName="ByX",
        KeyConditionExpression="x = :x",
        ExpressionAttributeValues={":x": {"S": "red"}},
    )
    assert [one["sk"]["S"] for one in found["Items"]] == ["1", "3"]


def test_an_index_that_is_removed_takes_its_attribute_definitions_with_it() -> None:
    engine = an_engine(a_table(global_indexes={"ByX": an_index("x sk")}))
    engine("UpdateTable", TableName="Things", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "ByX"}}])
    table = engine("DescribeTable", TableName="Things")["Table"]
    assert "GlobalSecondaryIndexes" not in table
    assert [one["AttributeName"] for one in table["AttributeDefinitions"]] == ["pk", "sk"]
    engine("PutItem", TableName="Things", Item=item(pk="a", sk="b", x=7))


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        pytest.param({}, "ValidationException", INVALID + "At least one of ", id="nothing"),
        pytest.param(
            {"GlobalSecondaryIndexUpdates": [created("pk")]},
            "ValidationException",
            "Attempting to create an index which already exists",
            id="an index that is there",
        ),
        pytest.param(
            {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "ByY"}}]},
            "ResourceNotFoundException",
            "Requested resource not found",
            id="an index that is not there",
        ),
        pytest.param(
            {
                "GlobalSecondaryIndexUpdates": [
                    {"Delete": {"IndexName": "ByX"}},
                    {"Create": {"IndexName": "ByY", **an_index("sk")}},
                ]
            },
            "LimitExceededException",
            "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
            id="two index changes at once",
        ),
        pytest.param(
            {"ProvisionedThroughput": PROVISIONED},
            "ValidationException",
            INVALID + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when",
            id="throughput for a table on demand",
        ),
        pytest.param(
            {"BillingMode": "PROVISIONED", "ProvisionedThroughput": PROVISIONED},
            "ValidationException",
            INVALID + "ProvisionedThroughput is not specified for index: ByX",
            id="provisioned without its index",
        ),
        pytest.param(
            {"StreamSpecification": {"StreamEnabled": False}},
            "ValidationException",
            "Table has no stream to disable",
            id="no stream to disable",
        ),
    ],
)
def test_an_update_that_cannot_be_done_changes_nothing(asked: Body, code: str, message: str) -> None:
    engine = an_engine(a_table(global_indexes={"ByX": an_index("x")}))
    before = engine("DescribeTable", TableName="Things")
    error = engine.refusal("UpdateTable", TableName="Things", **asked)
    assert error.code == code
    assert error.message.startswith(message)
    assert engine("DescribeTable", TableName="Things") == before


def test_a_table_changes_between_provisioned_and_on_demand() -> None:
    provisioned = {"IndexName": "ByX", "ProvisionedThroughput": PROVISIONED}
    engine = an_engine(a_table(global_indexes={"ByX": an_index("x")}))
    engine(
        "UpdateTable",
        TableName="Things",
        BillingMode="PROVISIONED",
        ProvisionedThroughput=PROVISIONED,
        GlobalSecondaryIndexUpdates=[{"Update": provisioned}],
    )
    table = engine("DescribeTable", TableName="Things")["Table"]
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    assert table["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["WriteCapacityUnits"] == 3
    assert "BillingModeSummary" not in table
    engine("UpdateTable", TableName="Things", BillingMode="PAY_PER_REQUEST")
    table = engine("DescribeTable", TableName="Things")["Table"]
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


# --- what else a table has --------------------------------------------------------------------------------


def test_tags_are_set_replaced_removed_and_listed() -> None:
    engine = an_engine(a_table(Tags=[{"Key": "team", "Value": "fan-out"}]))
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/Things"
    more = [{"Key": "team", "Value": "matching"}, {"Key": "stage", "Value": "dev"}]
    engine("TagResource", ResourceArn=arn, Tags=more)
    assert engine("ListTagsOfResource", ResourceArn=arn) == {"Tags": more}
    engine("UntagResource", ResourceArn=arn, TagKeys=["team", "unknown"])
    assert engine("ListTagsOfResource", ResourceArn=arn) == {"Tags": more[1:]}
    assert engine.refusal("ListTagsOfResource", ResourceArn=f"{arn}2").code == "ResourceNotFoundException"


def test_what_infrastructure_tools_ask_is_answered() -> None:
    engine = an_engine(a_table())
    backups = engine("DescribeContinuousBackups", TableName="Things")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"] == {"PointInTimeRecoveryStatus": "DISABLED"}
    assert engine("DescribeLimits")["TableMaxReadCapacityUnits"] == 40_000
    assert engine("DescribeEndpoints")["Endpoints"][0]["Address"] == "dynamodb.us-east-1.amazonaws.com"


def test_any_other_operation_is_refused_by_its_name() -> None:
    error = an_engine().refusal("ExecuteStatement", Statement="SELECT * FROM Things")
    assert (error.code, error.message) == (
        "UnknownOperationException",
        "ExecuteStatement is not emulated by fanout-harness",
    )
