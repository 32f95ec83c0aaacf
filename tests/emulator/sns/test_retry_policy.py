"""When a failed delivery is tried again."""

import json

import pytest

from harness.emulator.sns.retry_policy import (
    AWS_SERVICES,
    HTTP,
    InvalidDeliveryPolicy,
    RetryPolicy,
    http_policy,
)


def delays(policy: RetryPolicy, most: int = 20) -> list[float]:
    """The delays before the first retries, to one tenth of a second."""
    known = (policy.delay(retry) for retry in range(1, most + 1))
    return [round(one, 1) for one in known if one is not None]


@pytest.mark.aws("S-17")
def test_an_aws_service_is_tried_for_23_days() -> None:
    assert delays(AWS_SERVICES, 17) == [
        *(0.0, 0.0, 0.0),
        *(1.0, 1.0),
        *(1.0, 1.4, 1.9, 2.7, 3.8, 5.3, 7.4, 10.3, 14.3, 20.0),
        *(20.0, 20.0),
    ]
    every = [AWS_SERVICES.delay(retry) or 0.0 for retry in range(1, AWS_SERVICES.retries + 1)]
    assert (len(every), round(sum(every) / 86_400)) == (100_015, 23)
    assert AWS_SERVICES.delay(AWS_SERVICES.retries + 1) is None


def test_an_http_endpoint_is_tried_three_times_more_after_20_seconds() -> None:
    assert (http_policy(""), delays(HTTP)) == (HTTP, [20.0, 20.0, 20.0])


@pytest.mark.parametrize(
    ("function", "backoff"),
    [
        ("linear", [10.0, 20.0, 30.0]),
        ("arithmetic", [10.0, 17.5, 30.0]),
        ("geometric", [10.0, 15.0, 30.0]),
        ("exponential", [10.0, 17.3, 30.0]),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True], ids=["of a subscription", "of a topic"])
def test_a_policy_of_ones_own_has_four_phases(function: str, backoff: list[float], wrapped: bool) -> None:
    retry = {
        "minDelayTarget": 10,
        "maxDelayTarget": 30,
        "numRetries": 7,
        "numNoDelayRetries": 1,
        "numMinDelayRetries": 1,
        "numMaxDelayRetries": 2,
        "backoffFunction": function,
    }
    request = {"headerContentType": "application/json"}
    mine = {"healthyRetryPolicy": retry, "requestPolicy": request}
    of_topic = {"http": {"defaultHealthyRetryPolicy": retry, "defaultRequestPolicy": request}}
    policy = http_policy(json.dumps(of_topic if wrapped else mine))

    assert delays(policy) == [0.0, 10.0, *backoff, 30.0, 30.0]
    assert policy.content_type == "application/json"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "failed to parse JSON"),
        ("[]", "not a JSON object"),
        ('{"http":1}', "http is not a JSON object"),
        ('{"healthyRetryPolicy":1}', "healthyRetryPolicy is not a JSON object"),
        ('{"healthyRetryPolicy":{"numRetries":"3"}}', "numRetries cannot be '3'"),
        ('{"healthyRetryPolicy":{"numRetries":-1}}', "numRetries cannot be -1"),
        ('{"healthyRetryPolicy":{"numRetries":101}}', "numRetries is at most 100"),
        ('{"healthyRetryPolicy":{"numNoDelayRetries":4}}', "holds those of every phase"),
        ('{"healthyRetryPolicy":{"minDelayTarget":21}}', "minDelayTarget is 1 to maxDelayTarget"),
        ('{"healthyRetryPolicy":{"maxDelayTarget":3601}}', "at most 3600"),
        ('{"healthyRetryPolicy":{"backoffFunction":"cubic"}}', "backoffFunction is one of linear,"),
    ],
)
def test_policies_that_are_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidDeliveryPolicy, match=why):
        http_policy(text)
