"""The contract of AWS, claim by claim, with tables and topics in LocalStack; and side by side with the embedded."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.backends.choice import BackendChoice, Kind
from harness.parity.claim import Claim
from harness.parity.doors import Doors
from harness.parity.measuring import result_of
from tests.backends.conftest import start
from tests.contract.test_claims import assert_as_aws, doors_of, each_claim
from tests.end_to_end.command import Command

__all__ = ["start"]

OF_DYNAMODB_LOCAL = {
    "a consistent read of an index is refused",
    "an index key of the type NULL is refused",
}
"""What AWS's own DynamoDB Local, which is in LocalStack, says in other words."""


@pytest.fixture(scope="module")
def doors(elsewhere: str) -> Iterator[Doors]:
    with doors_of(BackendChoice(Kind.LOCALSTACK, elsewhere, named=True)) as doors:
        yield doors


@each_claim
def test_the_hybrid_with_localstack_does_as_aws(claim: Claim, doors: Doors) -> None:
    if claim.says in OF_DYNAMODB_LOCAL:
        pytest.skip("DynamoDB Local refuses it in other words than DynamoDB")
    assert_as_aws(result_of(claim, doors))


def test_differences_are_those_of_dynamodb_local_alone(
    tmp_path: Path, elsewhere: str, start: Callable[..., Command]
) -> None:
    both = ("--backend", "embedded", "--endpoint-url", f"localstack={elsewhere}")

    ended = start("parity", *both).end(timeout=300)

    print(ended.stdout)  # the figures, for the log
    assert ended.exit_code == 1, ended.stderr
    assert f"{len(OF_DYNAMODB_LOCAL)} differ" in ended.stdout
