"""API keys and usage plans, as the calls that make them see them (A-12)."""

import json
from random import Random
from typing import Any

import pytest

from harness.clock import ManualClock
from harness.emulator.gateway.apis import Throttling
from harness.emulator.gateway.control_plane.usage_plans import UsagePlans
from harness.emulator.port.http import Request

VALUE = "a-key-of-twenty-letters"
STAGE = {"apiId": "a1", "stage": "prod"}


class Account:
    """The calls of one account, as status and JSON."""

    def __init__(self) -> None:
        self.plans = UsagePlans(clock=ManualClock(), random=Random(1))

    def call(self, method: str, path: str, body: object = None, query: str = "") -> tuple[int, Any]:
        answer = self.plans.answer(Request(method, path, query, body=json.dumps(body or {}).encode()))
        assert answer is not None
        return answer.status, json.loads(answer.body or b"null")

    def key_in_plan(self, **plan: object) -> tuple[str, str]:
        """The ids of an enabled key and of the plan that it is in."""
        _, key = self.call("POST", "/apikeys", {"name": "k", "value": VALUE, "enabled": True})
        _, made = self.call("POST", "/usageplans", {"name": "p", "apiStages": [STAGE], **plan})
        self.call("POST", f"/usageplans/{made['id']}/keys", {"keyId": key["id"], "keyType": "API_KEY"})
        return key["id"], made["id"]


def patch(path: str, value: str, op: str = "replace") -> object:
    return {"patchOperations": [{"op": op, "path": path, "value": value}]}


@pytest.mark.aws("A-12")
def test_key_counts_for_the_stages_of_its_plan_with_the_plans_throttle() -> None:
    account = Account()
    account.key_in_plan(throttle={"rateLimit": 2, "burstLimit": 3})
    assert account.plans.api_keys("a1", "prod") == {VALUE: Throttling(2.0, 3)}
    assert account.plans.api_keys("a1", "dev") == {}


@pytest.mark.aws("A-12")
def test_key_that_is_switched_off_taken_out_or_deleted_counts_no_more() -> None:
    for method, path, body in (
        ("PATCH", "/apikeys/{key}", patch("/enabled", "false")),
        ("PATCH", "/usageplans/{plan}", patch("/apiStages", "a1:prod", "remove")),
        ("DELETE", "/usageplans/{plan}/keys/{key}", None),
        ("DELETE", "/usageplans/{plan}", None),
        ("DELETE", "/apikeys/{key}", None),
    ):
        account = Account()
        key, plan = account.key_in_plan()
        assert account.plans.api_keys("a1", "prod") == {VALUE: None}
        assert account.call(method, path.format(key=key, plan=plan), body)[0] in (200, 202)
        assert account.plans.api_keys("a1", "prod") == {}


def test_value_of_a_key_is_shown_to_who_asks_for_it() -> None:
    account = Account()
    key, plan = account.key_in_plan()
    assert "value" not in account.call("GET", f"/apikeys/{key}")[1]
    assert account.call("GET", f"/apikeys/{key}", query="includeValue=true")[1]["value"] == VALUE
    assert [one["id"] for one in account.call("GET", "/apikeys")[1]["item"]] == [key]
    assert [one["id"] for one in account.call("GET", "/usageplans")[1]["item"]] == [plan]
    assert account.call("GET", f"/usageplans/{plan}/keys")[1]["item"] == [
        {"id": key, "type": "API_KEY", "name": "k", "value": VALUE}
    ]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/apikeys", {"value": "short"}, 400),
        ("POST", "/apikeys", {"value": VALUE}, 409),
        ("GET", "/apikeys/none", None, 404),
        ("GET", "/usageplans/none", None, 404),
        ("GET", "/usageplans/none/keys", None, 404),
        ("PATCH", "/apikeys/{key}", patch("/stages", "x"), 400),
        ("POST", "/usageplans/{plan}/keys", {"keyId": "none"}, 404),
        ("DELETE", "/usageplans/{plan}/keys/none", None, 404),
    ],
)
def test_what_cannot_be_done_is_refused(method: str, path: str, body: object, status: int) -> None:
    account = Account()
    key, plan = account.key_in_plan()
    assert account.call(method, path.format(key=key, plan=plan), body)[0] == status


@pytest.mark.parametrize("path", ["/v2/apis", "/restapis", "/apikeys/a/keys", "/apikeys/a/b"])
def test_other_calls_are_not_answered(path: str) -> None:
    assert Account().plans.answer(Request("GET", path)) is None
