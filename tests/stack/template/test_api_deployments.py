"""Templates whose stage would serve nothing, or less than its template says, on AWS."""

from collections.abc import Callable

import pytest

from harness.stack.model import Stack
from tests.stack.template.conftest import small

AUTOMATIC = "AutoDeploy: true"
DEPLOYMENT = "Cut: {Type: AWS::ApiGatewayV2::Deployment, "
ORDERED = f"{DEPLOYMENT}DependsOn: OnConnect, Properties: {{ApiId: !Ref Api}}}}"
AT_ONCE = f"{DEPLOYMENT}Properties: {{ApiId: !Ref Api}}}}"
LATE = (
    "Cut: does not depend on {0}, so CloudFormation may make it before, and AWS deploys without (G-2, G-3); "
    "add DependsOn: [{0}]"
)


@pytest.mark.aws("G-1", "G-2", "G-3", "G-11")
@pytest.mark.parametrize(
    ("stage", "resource", "expected"),
    [
        pytest.param(
            "Description: x",
            "",
            "12: Live: has neither AutoDeploy nor a deployment, so AWS refuses every handshake with 403 (G-1); "
            "set AutoDeploy: true",
            id="nothing deployed",
        ),
        pytest.param("DeploymentId: !Ref Cut", AT_ONCE, "24: " + LATE.format("OnConnect"), id="in any order"),
        pytest.param(
            "Description: x",
            f"{DEPLOYMENT}Properties: {{ApiId: !Ref Api, StageName: !Ref Live}}}}",
            "24: " + LATE.format("OnConnect"),
            id="in any order, by the stage's name",
        ),
        pytest.param(
            "DeploymentId: a1b2c3",
            "",
            "14: Live: leads to no deployment (AWS::ApiGatewayV2::Deployment) of this template",
            id="another's deployment",
        ),
        pytest.param(
            "AutoDeploy: true, DeploymentId: !Ref Cut",
            ORDERED,
            "14: Live: AWS takes no DeploymentId where AutoDeploy is on (G-11); leave out one of them",
            id="both",
        ),
    ],
)
def test_a_stage_that_would_not_serve_its_routes(
    mistakes: Callable[..., list[str]], stage: str, resource: str, expected: str
) -> None:
    assert mistakes(small(resource).replace(AUTOMATIC, stage)) == [f"template.yaml:{expected}"]


@pytest.mark.parametrize(
    ("stage", "resource"),
    [
        pytest.param("DeploymentId: !Ref Cut", ORDERED, id="DependsOn"),
        pytest.param(
            "Description: x",
            f"{DEPLOYMENT}DependsOn: [OnConnect], Properties: {{ApiId: !Ref Api, StageName: live}}}}",
            id="by the stage's name",
        ),
        pytest.param(
            "DeploymentId: !GetAtt Cut.DeploymentId",
            f"{DEPLOYMENT}Properties: {{ApiId: !Ref Api, Description: !Sub 'after ${{OnConnect}}'}}}}",
            id="by a reference",
        ),
        pytest.param(AUTOMATIC, AT_ONCE, id="a deployment beside AutoDeploy"),
    ],
)
def test_a_stage_that_serves_its_routes(
    load: Callable[..., tuple[Stack, list[str]]], stage: str, resource: str
) -> None:
    stack, notices = load(small(resource).replace(AUTOMATIC, stage))

    assert (list(stack.api.routes), notices) == (["$connect"], [])


def test_a_route_response_is_deployed_too(mistakes: Callable[..., list[str]]) -> None:
    response = """
    Said:
      Type: AWS::ApiGatewayV2::RouteResponse
      Properties: {ApiId: !Ref Api, RouteId: !Ref OnConnect, RouteResponseKey: $default}
    """
    (found,) = mistakes(small(ORDERED, response).replace(AUTOMATIC, "DeploymentId: !Ref Cut"))

    assert found.endswith(LATE.format("Said"))
