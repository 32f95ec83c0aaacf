"""ListStreams, DescribeStream, GetShardIterator, GetRecords: what happened to a table's items?"""

import pytest

from tests.emulator.dynamodb.engines import Body, Engine, a_table, an_engine, item

KEY = item(pk="a", sk="1")


def streamed(view_type: str = "NEW_AND_OLD_IMAGES") -> Engine:
    return an_engine(a_table(StreamSpecification={"StreamEnabled": True, "StreamViewType": view_type}))


def arn_of(engine: Engine) -> str:
    return str(engine("DescribeTable", TableName="Things")["Table"]["LatestStreamArn"])


def iterator(engine: Engine, kind: str = "TRIM_HORIZON", number: str | None = None) -> str:
    stream = engine("DescribeStream", StreamArn=arn_of(engine))["StreamDescription"]
    (shard,) = stream["Shards"]
    asked: Body = {} if number is None else {"SequenceNumber": number}
    return str(
        engine(
            "GetShardIterator",
            StreamArn=stream["StreamArn"],
            ShardId=shard["ShardId"],
            ShardIteratorType=kind,
            **asked,
        )["ShardIterator"]
    )


def records(engine: Engine, kind: str = "TRIM_HORIZON", number: str | None = None) -> list[Body]:
    found: list[Body] = engine("GetRecords", ShardIterator=iterator(engine, kind, number))["Records"]
    return found


def write_three_times(engine: Engine) -> None:
    """An insert, a modification, a removal, and three writes that change nothing."""
    for x in ("old", "old", "new"):
        engine("PutItem", TableName="Things", Item=item(pk="a", sk="1", x=x))
    engine("UpdateItem", TableName="Things", Key=KEY)
    engine("DeleteItem", TableName="Things", Key=KEY)
    engine("DeleteItem", TableName="Things", Key=KEY)


def test_each_change_is_a_record_and_what_changes_nothing_is_none() -> None:
    engine = streamed()
    write_three_times(engine)
    old, new = item(pk="a", sk="1", x="old"), item(pk="a", sk="1", x="new")
    first = records(engine)[0]
    assert first == {
        "eventID": first["eventID"],
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_700_000_000,
            "Keys": KEY,
            "NewImage": old,
            "SequenceNumber": "300000000000000000001",
            "SizeBytes": 16,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }
    told = [
        (one["eventName"], one["dynamodb"].get("OldImage"), one["dynamodb"].get("NewImage"))
        for one in records(engine)
    ]
    assert told == [("INSERT", None, old), ("MODIFY", old, new), ("REMOVE", new, None)]
    assert all("userIdentity" not in one for one in records(engine))


@pytest.mark.parametrize(
    ("view_type", "images"),
    [
        ("KEYS_ONLY", set()),
        ("NEW_IMAGE", {"NewImage"}),
        ("OLD_IMAGE", {"OldImage"}),
        ("NEW_AND_OLD_IMAGES", {"NewImage", "OldImage"}),
    ],
)
def test_a_record_shows_what_the_stream_was_made_for(view_type: str, images: set[str]) -> None:
    engine = streamed(view_type)
    write_three_times(engine)
    modified = records(engine)[1]["dynamodb"]
    assert modified["Keys"] == KEY
    assert {name for name in modified if name.endswith("Image")} == images


def test_a_reader_goes_on_where_it_stopped() -> None:
    engine = streamed()
    write_three_times(engine)
    first = engine("GetRecords", ShardIterator=iterator(engine), Limit=2)
    rest = engine("GetRecords", ShardIterator=first["NextShardIterator"])
    assert [one["eventName"] for one in first["Records"] + rest["Records"]] == ["INSERT", "MODIFY", "REMOVE"]
    assert engine("GetRecords", ShardIterator=rest["NextShardIterator"])["Records"] == []
    engine("PutItem", TableName="Things", Item=KEY)
    later = engine("GetRecords", ShardIterator=rest["NextShardIterator"])["Records"]
    assert [one["eventName"] for one in later] == ["INSERT"]


@pytest.mark.parametrize(
    ("kind", "number", "names"),
    [
        ("LATEST", None, []),
        ("AT_SEQUENCE_NUMBER", "300000000000000000002", ["MODIFY", "REMOVE"]),
        ("AFTER_SEQUENCE_NUMBER", "300000000000000000002", ["REMOVE"]),
    ],
)
def test_a_reader_begins_where_it_wants(kind: str, number: str | None, names: list[str]) -> None:
    engine = streamed()
    write_three_times(engine)
    assert [one["eventName"] for one in records(engine, kind, number)] == names


def test_records_are_kept_for_a_day() -> None:
    engine = streamed()
    engine("PutItem", TableName="Things", Item=KEY)
    from_the_start = "300000000000000000001"
    engine.clock.advance(24 * 3600.0)
    assert len(records(engine)) == 1
    engine.clock.advance(1.0)
    assert records(engine) == []
    stale = iterator(engine, "AT_SEQUENCE_NUMBER", from_the_start)
    assert engine.refusal("GetRecords", ShardIterator=stale).code == "TrimmedDataAccessException"


def test_an_iterator_lives_for_a_quarter_of_an_hour() -> None:
    engine = streamed()
    place = iterator(engine)
    engine.clock.advance(900.0)
    engine("GetRecords", ShardIterator=place)
    engine.clock.advance(1.0)
    assert engine.refusal("GetRecords", ShardIterator=place).code == "ExpiredIteratorException"
    assert engine.message("GetRecords", ShardIterator="elsewhere") == "Invalid ShardIterator"


def test_a_disabled_stream_ends_and_can_be_read_for_a_day() -> None:
    engine = streamed()
    engine("PutItem", TableName="Things", Item=KEY)
    place, arn = iterator(engine), arn_of(engine)
    engine("UpdateTable", TableName="Things", StreamSpecification={"StreamEnabled": False})
    engine("DeleteItem", TableName="Things", Key=KEY)
    last = engine("GetRecords", ShardIterator=place)
    assert [one["eventName"] for one in last["Records"]] == ["INSERT"]
    assert "NextShardIterator" not in last
    stream = engine("DescribeStream", StreamArn=arn)["StreamDescription"]
    assert stream["StreamStatus"] == "DISABLED"
    assert stream["Shards"][0]["SequenceNumberRange"]["EndingSequenceNumber"] == "300000000000000000001"
    engine.clock.advance(24 * 3600.0 + 1.0)
    assert engine.refusal("DescribeStream", StreamArn=arn).code == "ResourceNotFoundException"
    assert engine("ListStreams") == {"Streams": []}


def test_a_table_that_gets_a_stream_again_gets_another_one() -> None:
    engine = streamed()
    first = arn_of(engine)
    enabled = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    again = engine.refusal("UpdateTable", TableName="Things", StreamSpecification=enabled)
    assert again.code == "ResourceInUseException"
    engine("UpdateTable", TableName="Things", StreamSpecification={"StreamEnabled": False})
    engine("UpdateTable", TableName="Things", StreamSpecification=enabled)
    assert arn_of(engine) != first
    listed = engine("ListStreams", TableName="Things", Limit=1)
    assert [one["StreamArn"] for one in listed["Streams"]] == [first]
    rest = engine("ListStreams", ExclusiveStartStreamArn=listed["LastEvaluatedStreamArn"])
    assert [one["StreamArn"] for one in rest["Streams"]] == [arn_of(engine)]
