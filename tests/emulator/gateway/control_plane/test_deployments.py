"""Deployments of WebSocket APIs."""

from random import Random

import orjson
import pytest

from harness.clock import ManualClock
from harness.emulator.gateway.control_plane.deployments import Deployments
from harness.emulator.port.http import Request, json_response


@pytest.fixture
def deployments() -> Deployments:
    stages = {("r", "a"): frozenset({"prod"})}
    return Deployments(
        stages_of=lambda region, api_id: stages.get((region, api_id)),
        clock=ManualClock(time=1_700_000_000.9),
        random=Random(1),
    )


def test_a_deployment_is_deployed_at_once(deployments: Deployments) -> None:
    created = deployments.answer(Request("POST", "/v2/apis/a/deployments", body=b'{"stageName":"prod"}'), "r")

    assert created is not None
    described = orjson.loads(created.body)
    assert described == {
        "autoDeployed": False,
        "createdDate": "2023-11-14T22:13:20Z",
        "deploymentId": described["deploymentId"],
        "deploymentStatus": "DEPLOYED",
    }
    listed = deployments.answer(Request("GET", "/v2/apis/a/deployments"), "r")
    assert listed == json_response(200, orjson.dumps({"items": [described]}))


DEPLOYMENT_REFUSALS = {
    "of another region": ("GET", "/v2/apis/a/deployments", b"", "other", 404),
    "of an API that is not there": ("GET", "/v2/apis/b/deployments", b"", "r", 404),
    "to a stage that is not there": ("POST", "/v2/apis/a/deployments", b'{"stageName":"x"}', "r", 404),
    "that is not there": ("GET", "/v2/apis/a/deployments/x", b"", "r", 404),
    "with a body that is no JSON": ("POST", "/v2/apis/a/deployments", b"{", "r", 400),
    "with a body that is no object": ("POST", "/v2/apis/a/deployments", b"[]", "r", 400),
}


@pytest.mark.parametrize(
    ("method", "path", "body", "region", "status"), DEPLOYMENT_REFUSALS.values(), ids=DEPLOYMENT_REFUSALS
)
def test_deployments_that_are_refused(
    deployments: Deployments, method: str, path: str, body: bytes, region: str, status: int
) -> None:
    answer = deployments.answer(Request(method, path, body=body), region)

    assert answer is not None
    assert answer.status == status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/apis/a"),
        ("GET", "/v2/apis/a/deployments/b/c"),
        ("PUT", "/v2/apis/a/deployments"),
    ],
)
def test_other_requests_are_not_about_deployments(deployments: Deployments, method: str, path: str) -> None:
    assert deployments.answer(Request(method, path), "r") is None
