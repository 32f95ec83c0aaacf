"""DynamoDB's switches, as the page takes them."""

import pytest

from harness.emulator.dynamodb.settings import DynamoDbSettings, read_settings


def test_what_is_not_said_is_as_on_aws() -> None:
    assert read_settings({}) == DynamoDbSettings()


def test_every_switch_can_be_said() -> None:
    wanted = {"index_lag": 0.05, "ttl_delay": 3600, "throttle_every": 100, "limit_throughput": True}
    assert read_settings(wanted) == DynamoDbSettings(0.05, 3600, 100, True)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"index_lack": 1}, "there is no setting 'index_lack'"),
        ({"index_lag": "1s"}, "index_lag cannot be '1s'"),
        ({"index_lag": -1}, "index_lag cannot be -1"),
        ({"throttle_every": True}, "throttle_every cannot be True"),
        ({"limit_throughput": 1}, "limit_throughput cannot be 1"),
    ],
)
def test_what_cannot_be_is_named(wanted: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_settings(wanted)
