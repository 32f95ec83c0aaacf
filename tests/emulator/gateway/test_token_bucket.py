"""Throttling by token buckets (Q-6, Q-8, Q-9)."""

import math

import pytest

from harness.emulator.gateway.apis import Api, RouteKey, Stage, Throttling
from harness.emulator.gateway.configuration import InForce
from harness.emulator.gateway.quotas import Quotas, TokenBucket
from harness.emulator.gateway.throttles import Throttles


def test_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = TokenBucket(rate=2.0, burst=3, now=10.0)
    assert [bucket.take(10.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(10.5), bucket.take(10.5)] == [True, False]
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]


def test_infinite_rate_never_throttles() -> None:
    bucket = TokenBucket(rate=math.inf, burst=0, now=0.0)
    assert all(bucket.take(0.0) for _ in range(10))


@pytest.mark.aws("Q-8")
def test_apis_of_one_account_and_region_share_a_bucket() -> None:
    throttles = Throttles(InForce(quotas=Quotas(account_rate=1.0, account_burst=1)))
    first, second, other = an_api("a"), an_api("b"), an_api("c", account="2")
    assert [throttles.admit_call(api, 0.0) for api in (first, second, other)] == [True, False, True]


@pytest.mark.aws("Q-9")
def test_route_has_its_own_bucket_and_a_changed_throttle_a_new_one() -> None:
    throttles, api, key = Throttles(InForce()), an_api("a"), RouteKey("send")
    slow = Stage("dev", default_throttling=Throttling(1.0, 1))
    assert [throttles.admit_route(api, slow, key, 0.0) for _ in range(2)] == [True, False]
    assert throttles.admit_route(api, slow, RouteKey("other"), 0.0)
    faster = Stage("dev", route_throttling={key: Throttling(1.0, 2)})
    assert [throttles.admit_route(api, faster, key, 0.0) for _ in range(3)] == [True, True, False]


def an_api(api_id: str, account: str = "1") -> Api:
    return Api(api_id, "ws", "us-east-1", account, {}, {})
