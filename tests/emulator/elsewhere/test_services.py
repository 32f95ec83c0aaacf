"""The options that say what is elsewhere."""

import argparse

import pytest

from harness.emulator.elsewhere.services import add_elsewhere_options, read_elsewhere
from harness.errors import UsageError


def read(*options: str) -> dict[str, str]:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_elsewhere_options(parser)
    return dict(read_elsewhere(parser.parse_args(options).elsewhere))


def test_each_service_has_an_endpoint_of_its_own() -> None:
    assert read(
        "--elsewhere", "DynamoDB=http://127.0.0.1:8000/", "--elsewhere", "sns=https://sns.test:4566"
    ) == {"dynamodb": "http://127.0.0.1:8000", "sns": "https://sns.test:4566"}


def test_nothing_is_elsewhere_by_default() -> None:
    assert read() == {}


def test_what_is_no_pair_is_told() -> None:
    with pytest.raises(argparse.ArgumentError, match="'sns' is no pair; write SERVICE=URL"):
        read("--elsewhere", "sns")


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("execute-api=http://127.0.0.1:1", "execute-api always runs in the emulator"),
        ("sqs=http://127.0.0.1:1", "with sqs, name the endpoint of sns too"),
        ("dynamodb=localhost:8000", "'localhost:8000' is no endpoint of dynamodb"),
    ],
    ids=["the gateway", "queues without topics", "no scheme"],
)
def test_what_cannot_be_elsewhere_is_refused(option: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read("--elsewhere", option)
