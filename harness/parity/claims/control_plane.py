"""Claims about API Gateway's control plane: what deployments do, and what is refused, by boto3 (1.11)."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from websockets.exceptions import InvalidStatus

from harness.parity.claim import Area
from harness.parity.deployment import STAGE, WebSocketApi
from harness.parity.doors import Doors

CONTROL_PLANE = Area("control plane")
_claim = CONTROL_PLANE.claim

_AUTHORIZER: Mapping[str, object] = {
    "AuthorizerType": "REQUEST",
    "AuthorizerUri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:000000000000:function:nobody/invocations",
    "IdentitySource": ["route.request.querystring.token"],
    "Name": "guard",
}


class _Api:
    """A WebSocket API of a claim's own, and calls about it."""

    def __init__(self, doors: Doors) -> None:
        name = doors.name("api")
        asked = {
            "Name": name,
            "ProtocolType": "WEBSOCKET",
            "RouteSelectionExpression": "$request.body.action",
        }
        created: Any = doors.once(name, lambda: doors.make("apigatewayv2", "create_api", **asked))
        self.doors, self.id = doors, str(created["ApiId"])

    def call(self, operation: str, **asked: object) -> Any:
        return getattr(self.doors.client("apigatewayv2"), operation)(ApiId=self.id, **asked)

    def refused(self, operation: str, **asked: object) -> dict[str, object]:
        """How a call ends, and what is said where it fails."""
        try:
            answer = self.call(operation, **asked)
        except ClientError as error:
            response: Any = error.response
            said = response["Error"]
            status = response["ResponseMetadata"]["HTTPStatusCode"]
            return {"status": status, "code": said["Code"], "message": said.get("Message")}
        return {"status": answer["ResponseMetadata"]["HTTPStatusCode"]}

    def refusing_connect(self) -> None:
        """Makes a `$connect` that answers 401."""
        made = self.call(
            "create_integration",
            IntegrationType="MOCK",
            RequestTemplates={"$default": json.dumps({"statusCode": 401})},
            TemplateSelectionExpression="\\$default",
        )
        self.call("create_route", RouteKey="$connect", Target=f"integrations/{made['IntegrationId']}")

    def handshake(self) -> int:
        """The status of an opening handshake at the claim's stage."""
        urls = self.doors.subject.urls(self.id, STAGE)
        try:
            with self.doors.open(WebSocketApi(self.id, urls["url"], "", "")) as socket:
                assert socket.response is not None
                return int(socket.response.status_code)
        except InvalidStatus as refused:
            return int(refused.response.status_code)


def _bad_request(message: str) -> dict[str, object]:
    return {"status": 400, "code": "BadRequestException", "message": message}


def _conflict(message: str) -> dict[str, object]:
    return {"status": 409, "code": "ConflictException", "message": message}


@_claim(
    "a stage that nothing was deployed to refuses every handshake", "G-1", aws={"before": 403, "after": 101}
)
def _undeployed(doors: Doors) -> object:
    api = _Api(doors)
    api.call("create_route", RouteKey="$default")
    api.call("create_stage", StageName=STAGE)
    before = api.handshake()
    api.call("create_deployment", StageName=STAGE)
    return {"before": before, "after": api.handshake()}


@_claim(
    "a deployment is a snapshot, and a stage can be moved back to an older one",
    "G-2",
    aws={"first": 101, "changed": 101, "deployed": 401, "moved back": 101},
)
def _snapshot(doors: Doors) -> object:
    api = _Api(doors)
    api.call("create_route", RouteKey="$default")
    first = api.call("create_deployment")["DeploymentId"]
    api.call("create_stage", StageName=STAGE, DeploymentId=first)
    seen = {"first": api.handshake()}
    api.refusing_connect()
    seen["changed"] = api.handshake()
    api.call("create_deployment", StageName=STAGE)
    seen["deployed"] = api.handshake()
    api.call("update_stage", StageName=STAGE, DeploymentId=first)
    return seen | {"moved back": api.handshake()}


@_claim(
    "a stage with AutoDeploy serves a new route without a deployment",
    "G-2",
    aws={"before": 101, "after": 401},
)
def _automatic(doors: Doors) -> object:
    api = _Api(doors)
    api.call("create_route", RouteKey="$default")
    api.call("create_stage", StageName=STAGE, AutoDeploy=True)
    before = api.handshake()
    api.refusing_connect()
    return {"before": before, "after": api.handshake()}


@_claim(
    "an API without routes cannot be deployed",
    "G-3",
    aws=_bad_request("At least one route is required before deploying the Api"),
)
def _no_routes(doors: Doors) -> object:
    return _Api(doors).refused("create_deployment")


@_claim(
    "a second route of a key and a second stage of a name are conflicts",
    "G-4",
    aws={
        "route": _conflict("Route with key $connect already exists for this API"),
        "stage": _conflict("Stage already exists"),
    },
)
def _second(doors: Doors) -> object:
    api = _Api(doors)
    api.call("create_route", RouteKey="$connect")
    api.call("create_stage", StageName=STAGE)
    return {
        "route": api.refused("create_route", RouteKey="$connect"),
        "stage": api.refused("create_stage", StageName=STAGE),
    }


@_claim(
    "only $connect can have an authorization",
    "G-5",
    aws=_bad_request("Currently, authorization is restricted to the $connect route only"),
)
def _authorization(doors: Doors) -> object:
    return _Api(doors).refused("create_route", RouteKey="$default", AuthorizationType="AWS_IAM")


@_claim("a WebSocket API takes no JWT authorizer", "G-6", aws={"status": 400, "code": "BadRequestException"})
def _jwt(doors: Doors) -> object:
    configuration = {"Audience": ["a"], "Issuer": "https://issuer.example"}
    answer = _Api(doors).refused(
        "create_authorizer",
        Name="jwt",
        AuthorizerType="JWT",
        IdentitySource=["route.request.querystring.token"],
        JwtConfiguration=configuration,
    )
    return {name: value for name, value in answer.items() if name != "message"}


@_claim(
    "a route key that begins with $ is one of three",
    "G-9",
    aws=_bad_request("The provided route key is not formatted properly"),
)
def _route_key(doors: Doors) -> object:
    return _Api(doors).refused("create_route", RouteKey="$mine")


@_claim(
    "an integration and an authorizer that a route stands on cannot be deleted",
    "G-10",
    aws={
        "integration": _conflict(
            "Cannot delete Integration because it is referenced by the following Routes with Ids: [the route]"
        ),
        "authorizer": _conflict("Cannot delete authorizer 'guard', is referenced in route: $connect"),
    },
)
def _in_use(doors: Doors) -> object:
    api = _Api(doors)
    integration = {"IntegrationId": api.call("create_integration", IntegrationType="MOCK")["IntegrationId"]}
    authorizer = {"AuthorizerId": api.call("create_authorizer", **_AUTHORIZER)["AuthorizerId"]}
    route = api.call(
        "create_route",
        RouteKey="$connect",
        AuthorizationType="CUSTOM",
        Target=f"integrations/{integration['IntegrationId']}",
        **authorizer,
    )
    told = api.refused("delete_integration", **integration)
    message = str(told.get("message")).replace(route["RouteId"], "the route")
    return {
        "integration": told | {"message": message},
        "authorizer": api.refused("delete_authorizer", **authorizer),
    }


@_claim(
    "a stage with AutoDeploy takes no deployment",
    "G-11",
    aws=_bad_request("Deployment ID cannot be set on this stage because AutoDeploy is enabled"),
)
def _automatic_takes_none(doors: Doors) -> object:
    api = _Api(doors)
    api.call("create_route", RouteKey="$default")
    deployment = api.call("create_deployment")["DeploymentId"]
    api.call("create_stage", StageName=STAGE, AutoDeploy=True)
    return api.refused("update_stage", StageName=STAGE, DeploymentId=deployment)


@_claim(
    "a route that wants an authorizer needs one that is there",
    "G-12",
    aws=_bad_request(
        "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires "
        "a valid authorizer."
    ),
)
def _no_authorizer(doors: Doors) -> object:
    return _Api(doors).refused("create_route", RouteKey="$connect", AuthorizationType="CUSTOM")


@_claim(
    "a deployment that a stage is at cannot be deleted",
    "G-16",
    aws=_bad_request("Active stages pointing to this deployment must be moved or deleted"),
)
def _deployment_in_use(doors: Doors) -> object:
    api = _Api(doors)
    api.call("create_route", RouteKey="$default")
    deployment = api.call("create_deployment")["DeploymentId"]
    api.call("create_stage", StageName=STAGE, DeploymentId=deployment)
    return api.refused("delete_deployment", DeploymentId=deployment)
