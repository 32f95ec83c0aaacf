"""Does our DynamoDB do whatever DynamoDB Local does? Only when asked: `pytest tests/oracle --steps 10000`."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.emulator.dynamodb.corpus_format import Body, Call, comparable
from tests.oracle.dynamodb_local import OracleMissing, dynamodb_local
from tests.oracle.dynamodb_requests import SHAPES, TABLE, Step, steps
from tests.oracle.known_differences import why_different
from tests.oracle.served_dynamodb import served_dynamodb

AT_ONCE = 25
"""Operations on one table before the next is made."""

_OF_MANY = frozenset(("BatchWriteItem", "BatchGetItem", "TransactWriteItems", "TransactGetItems"))
_AS_IT_IS = Config(parameter_validation=False, retries={"total_max_attempts": 1})


def over_boto3(endpoint: str) -> Call:
    """A DynamoDB at an endpoint, as the SDK sees it."""
    client: Any = boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=_AS_IT_IS,
    )

    def call(operation: str, body: Body) -> Body:
        try:
            answer = client._make_api_call(operation, body)
        except ClientError as refused:
            told: Body = {**refused.response}
            error = {"code": told["Error"]["Code"], "message": told["Error"]["Message"]}
            extra = {name: told[name] for name in ("Item", "CancellationReasons") if name in told}
            return {"error": error | extra}
        return {"answer": {name: value for name, value in answer.items() if name != "ResponseMetadata"}}

    return call


@pytest.fixture(scope="module")
def both(request: pytest.FixtureRequest) -> Iterator[tuple[Call, Call]]:
    """DynamoDB Local, and ours."""
    if not request.config.getoption("--steps", 0):
        pytest.skip("only when asked: make test-dynamodb-oracle, or --steps 10000")
    try:
        with dynamodb_local() as local, served_dynamodb() as ours:
            yield over_boto3(local), over_boto3(ours)
    except OracleMissing as missing:
        pytest.skip(str(missing))


@pytest.mark.timeout(3600)
def test_every_operation_gives_what_dynamodb_local_gives(
    both: tuple[Call, Call], request: pytest.FixtureRequest
) -> None:
    local, ours = both

    @settings(
        max_examples=max(1, request.config.getoption("--steps") // AT_ONCE),
        deadline=None,
        database=None,
        # A table and a few steps are small enough to read, and to shrink them takes minutes.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def compare(data: st.DataObject) -> None:
        shape = data.draw(st.sampled_from(SHAPES))
        with_a_new_table(local, ours, shape)
        asked = data.draw(st.lists(steps(shape), min_size=AT_ONCE, max_size=AT_ONCE))
        for step in asked:
            if not compare_step(local, ours, step):
                return
        compare_step(local, ours, ("Scan", {}))

    compare()


def with_a_new_table(local: Call, ours: Call, shape: Body) -> None:
    """Both have an empty table of that shape, and no other."""
    for call in (local, ours):
        call("DeleteTable", {"TableName": TABLE})
        assert "answer" in call("CreateTable", shape)


def compare_step(local: Call, ours: Call, step: Step) -> bool:
    """Both give the same, or differ for a known reason; False when only one did it, so that the tables differ now."""
    operation, asked = step
    request = asked if operation in _OF_MANY else {"TableName": TABLE} | asked
    theirs = _unordered(request, comparable(operation, local(operation, request)))
    our = _unordered(request, comparable(operation, ours(operation, request)))
    if theirs != our:
        why = why_different(operation, request, local=theirs, ours=our)
        assert why is not None, f"{operation} {request}\n  DynamoDB Local: {theirs}\n  ours: {our}"
    return ("error" in theirs) == ("error" in our)


def _unordered(request: Body, told: Body) -> Body:
    """Rows of an index with one key come in any order."""
    if "IndexName" in request and "answer" in told:
        told["answer"]["Items"] = sorted(told["answer"].get("Items", ()), key=repr_of)
    return told


def repr_of(item: Body) -> str:
    """A text to sort by."""
    return repr(sorted(item.items()))
