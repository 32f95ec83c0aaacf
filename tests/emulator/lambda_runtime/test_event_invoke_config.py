"""Event invoke configs as Lambda's API takes and shows them."""

from collections.abc import Mapping

import pytest

from harness.emulator.lambda_runtime.api_error import ApiError
from harness.emulator.lambda_runtime.event_invoke_config import EventInvokeConfig
from harness.emulator.lambda_runtime.event_invoke_config_json import changed_config, format_config

ARN = "arn:aws:lambda:eu-west-1:000000000000:function:f"
QUEUE = "arn:aws:sqs:eu-west-1:000000000000:q"
TOPIC = "arn:aws:sns:eu-west-1:000000000000:t"
FULL = EventInvokeConfig(1, 120, TOPIC, QUEUE, 5.0)


def destinations(**by_kind: str) -> dict[str, object]:
    return {"DestinationConfig": {kind: {"Destination": arn} for kind, arn in by_kind.items()}}


@pytest.mark.aws("S-11")
@pytest.mark.parametrize(
    ("config", "request_", "changed"),
    [
        pytest.param(
            EventInvokeConfig(),
            {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
            EventInvokeConfig(0, 60, last_modified=9.0),
            id="the least of both",
        ),
        pytest.param(
            EventInvokeConfig(),
            {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 21_600},
            EventInvokeConfig(2, 21_600, last_modified=9.0),
            id="the most of both",
        ),
        pytest.param(
            EventInvokeConfig(),
            destinations(OnSuccess=TOPIC, OnFailure=QUEUE),
            EventInvokeConfig(None, None, TOPIC, QUEUE, 9.0),
            id="destinations",
        ),
        pytest.param(
            FULL,
            {"MaximumRetryAttempts": 0},
            EventInvokeConfig(0, 120, TOPIC, QUEUE, 9.0),
            id="the rest stays",
        ),
        pytest.param(
            FULL,
            {"DestinationConfig": {"OnFailure": {}}},
            EventInvokeConfig(1, 120, TOPIC, "", 9.0),
            id="a destination is taken away",
        ),
    ],
)
def test_a_config_is_what_its_requests_named(
    config: EventInvokeConfig, request_: Mapping[str, object], changed: EventInvokeConfig
) -> None:
    assert changed_config(config, request_, function_arn=ARN, at=9.0) == changed


@pytest.mark.aws("S-11")
def test_lambdas_own_settings_are_two_retries_and_six_hours() -> None:
    assert (EventInvokeConfig().retries, EventInvokeConfig().event_age) == (2, 21_600)
    assert (EventInvokeConfig(0, 60).retries, EventInvokeConfig(0, 60).event_age) == (0, 60)


BUCKET = "arn:aws:s3:::b"
REFUSED: Mapping[str, tuple[Mapping[str, object], str, str]] = {
    "nothing to set": (
        {},
        "InvalidParameterValueException",
        "You must specify at least one of error handling or destination setting.",
    ),
    "three retries": (
        {"MaximumRetryAttempts": 3},
        "ValidationException",
        "1 validation error detected: Value '3' at 'MaximumRetryAttempts' failed to satisfy constraint: 0 to 2",
    ),
    "an age under a minute": (
        {"MaximumEventAgeInSeconds": 59},
        "ValidationException",
        "1 validation error detected: Value '59' at 'MaximumEventAgeInSeconds' failed to satisfy constraint: "
        "60 to 21600",
    ),
    "a destination that is no ARN": (
        destinations(OnFailure="q"),
        "InvalidParameterValueException",
        "The destination ARN q is invalid.",
    ),
    "itself": (
        destinations(OnSuccess=ARN),
        "InvalidParameterValueException",
        "You can't specify the function as a destination for itself.",
    ),
    "a bucket": (
        destinations(OnFailure=BUCKET),
        "NotImplementedException",
        f"lambda:the destination {BUCKET} of events is not emulated by fanout-harness; nothing was done.",
    ),
}


@pytest.mark.parametrize(("request_", "code", "message"), REFUSED.values(), ids=REFUSED)
def test_configs_that_are_refused(request_: Mapping[str, object], code: str, message: str) -> None:
    with pytest.raises(ApiError) as refused:
        changed_config(EventInvokeConfig(), request_, function_arn=ARN, at=9.0)

    assert (refused.value.code, refused.value.message) == (code, message)


def test_a_config_is_shown_with_all_its_settings() -> None:
    assert format_config(FULL, f"{ARN}:$LATEST") == {
        "LastModified": 5.0,
        "FunctionArn": f"{ARN}:$LATEST",
        "MaximumRetryAttempts": 1,
        "MaximumEventAgeInSeconds": 120,
        "DestinationConfig": {"OnSuccess": {"Destination": TOPIC}, "OnFailure": {"Destination": QUEUE}},
    }


def test_what_a_config_leaves_to_lambda_is_not_shown() -> None:
    assert format_config(EventInvokeConfig(last_modified=1.0), ARN) == {
        "LastModified": 1.0,
        "FunctionArn": ARN,
        "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}},
    }
