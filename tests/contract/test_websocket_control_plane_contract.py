"""API Gateway's control plane for WebSocket APIs, through boto3: what deployments do, and what is refused."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from harness.backends.embedded import emulator_urls
from tests.contract.conftest import Clients, a_name, refused
from tests.patience import WAIT

STAGE = "live"
AUTHORIZER = {
    "AuthorizerType": "REQUEST",
    "AuthorizerUri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations",
    "IdentitySource": ["route.request.querystring.token"],
    "Name": "guard",
}


class Api:
    """A WebSocket API of its own, and the calls that are about it."""

    def __init__(self, apis: Any, endpoint: str) -> None:
        created = apis.create_api(
            Name=a_name("api"), ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
        )
        self.id: str = created["ApiId"]
        self.apis, self.endpoint = apis, endpoint

    def call(self, operation: str, **arguments: object) -> Any:
        return getattr(self.apis, operation)(ApiId=self.id, **arguments)

    def refused(self, operation: str, **arguments: object) -> tuple[int, str, str]:
        return refused(getattr(self.apis, operation), ApiId=self.id, **arguments)

    def answering(self, status: int) -> str:
        """An integration that answers a handshake with a status."""
        templates = {"$default": json.dumps({"statusCode": status})}
        made = self.call("create_integration", IntegrationType="MOCK", RequestTemplates=templates)
        return f"integrations/{made['IntegrationId']}"

    def route(self, key: str = "$connect", **more: object) -> str:
        return str(self.call("create_route", RouteKey=key, **more)["RouteId"])

    def deploy(self, **more: object) -> str:
        return str(self.call("create_deployment", **more)["DeploymentId"])

    def handshake(self, stage: str = STAGE) -> int:
        """The status of an opening handshake."""
        return status_of(emulator_urls(self.endpoint, self.id, stage)["url"])


def status_of(url: str, **options: Any) -> int:
    try:
        with connect(url, open_timeout=WAIT, close_timeout=WAIT, proxy=None, **options) as websocket:
            assert websocket.response is not None
            return int(websocket.response.status_code)
    except InvalidStatus as answer:
        return int(answer.response.status_code)


@pytest.fixture
def api(client: Clients, endpoint: str) -> Api:
    return Api(client("apigatewayv2"), endpoint)


# --- deployments and stages -------------------------------------------------------------------------------


@pytest.mark.aws("G-1")
def test_a_stage_that_nothing_was_deployed_to_refuses(api: Api) -> None:
    api.route(Target=api.answering(200))
    created = api.call("create_stage", StageName=STAGE)
    before = api.handshake()
    deployment = api.deploy(StageName=STAGE)

    assert "DeploymentId" not in created
    assert (before, api.handshake()) == (403, 101)
    assert api.call("get_stage", StageName=STAGE)["DeploymentId"] == deployment


@pytest.mark.aws("G-2")
def test_what_is_changed_counts_after_the_next_deployment(api: Api) -> None:
    route = api.route(Target=api.answering(401))
    api.call("create_stage", StageName=STAGE, DeploymentId=api.deploy())
    api.call("update_route", RouteId=route, Target=api.answering(503))
    before = api.handshake()
    api.deploy(StageName=STAGE)

    assert (before, api.handshake()) == (401, 503)


@pytest.mark.aws("G-2")
def test_a_changed_integration_and_a_deleted_route_count_after_the_next_deployment(api: Api) -> None:
    target = api.answering(401)
    route = api.route(Target=target)
    api.route("$default")
    api.call("create_stage", StageName=STAGE, DeploymentId=api.deploy())
    api.call(
        "update_integration",
        IntegrationId=target.partition("/")[2],
        RequestTemplates={"$default": '{"statusCode": 402}'},
    )
    changed = api.handshake()
    api.deploy(StageName=STAGE)
    deployed = api.handshake()
    api.call("delete_route", RouteId=route)

    assert (changed, deployed, api.handshake()) == (401, 402, 402)
    api.deploy(StageName=STAGE)
    assert api.handshake() == 101  # C-7


@pytest.mark.aws("G-2")
def test_a_stage_is_moved_back_to_a_deployment(api: Api) -> None:
    route = api.route(Target=api.answering(401))
    first = api.deploy()
    api.call("create_stage", StageName=STAGE, DeploymentId=first)
    api.call("create_stage", StageName="other", DeploymentId=first)
    api.call("update_route", RouteId=route, Target=api.answering(503))
    second = api.deploy()
    api.call("update_stage", StageName=STAGE, DeploymentId=second)
    forth = api.handshake(), api.handshake("other")
    api.call("update_stage", StageName=STAGE, DeploymentId=first)

    assert (forth, api.handshake()) == ((503, 401), 401)


@pytest.mark.aws("G-2")
def test_a_stage_with_auto_deploy_is_always_at_the_newest(api: Api) -> None:
    api.call("create_stage", StageName=STAGE, AutoDeploy=True)
    empty = api.handshake()
    route = api.route(Target=api.answering(401))
    first = api.call("get_stage", StageName=STAGE)["DeploymentId"]
    made = api.handshake()
    api.call("update_route", RouteId=route, Target=api.answering(503))

    assert (empty, made, api.handshake()) == (403, 401, 503)
    stage = api.call("get_stage", StageName=STAGE)
    (deployment,) = api.call("get_deployments")["Items"]
    assert stage["DeploymentId"] == deployment["DeploymentId"] != first
    assert deployment["AutoDeployed"] is True


@pytest.mark.aws("G-2")
def test_auto_deploy_is_switched_on_and_off(api: Api) -> None:
    route = api.route(Target=api.answering(401))
    api.call("create_stage", StageName=STAGE, DeploymentId=api.deploy())
    api.call("update_route", RouteId=route, Target=api.answering(402))
    off = api.handshake()
    api.call("update_stage", StageName=STAGE, AutoDeploy=True)
    on = api.handshake()
    api.call("update_stage", StageName=STAGE, AutoDeploy=False)
    api.call("update_route", RouteId=route, Target=api.answering(503))

    assert (off, on, api.handshake()) == (401, 402, 402)


@pytest.mark.aws("G-17")
def test_variables_of_a_stage_are_added_and_taken_away(api: Api) -> None:
    variables = {"a": "1", "b": "x/y?z=1"}
    api.call("create_stage", StageName=STAGE, StageVariables=variables)
    updated = api.call("update_stage", StageName=STAGE, StageVariables={"a": "", "c": "3"})

    assert updated["StageVariables"] == {"b": "x/y?z=1", "c": "3"}


def test_a_deployment_is_created_described_and_deleted(api: Api) -> None:
    api.route()
    created = api.call("create_deployment", Description="first")
    created.pop("ResponseMetadata")
    deployment = created["DeploymentId"]
    read = api.call("get_deployment", DeploymentId=deployment)
    listed = api.call("get_deployments")["Items"]
    updated = api.call("update_deployment", DeploymentId=deployment, Description="second")
    api.call("delete_deployment", DeploymentId=deployment)

    assert (created["DeploymentStatus"], created["Description"]) == ("DEPLOYED", "first")
    assert {name: read[name] for name in created} == created
    assert listed == [created]
    assert updated["Description"] == "second"
    assert api.refused("get_deployment", DeploymentId=deployment)[:2] == (404, "NotFoundException")


# --- refusals ---------------------------------------------------------------------------------------------

ONLY_CONNECT = "Currently, authorization is restricted to the $connect route only"
NO_AUTHORIZER = (
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a "
    "valid authorizer."
)
NO_JWT = (
    "Invalid authorizer ID specified. Setting the authorization type to JWT requires a valid JWT authorizer."
)
NOT_FORMATTED = "The provided route key is not formatted properly"
TTL = "AuthorizerResultTtlInSeconds cannot be set for WEBSOCKET protocol Apis"


def row(name: str, operation: str, *case: object) -> Any:
    """A refusal that a row records."""
    return pytest.param(operation, *case, marks=pytest.mark.aws(name), id=f"{name} {operation}")


@pytest.mark.parametrize(
    ("operation", "arguments", "message"),
    [
        row("G-3", "create_deployment", {}, "At least one route is required before deploying the Api"),
        row("G-9", "create_route", {"RouteKey": "$mine"}, NOT_FORMATTED),
        row("G-9", "create_route", {"RouteKey": ""}, NOT_FORMATTED),
        row("G-5", "create_route", {"RouteKey": "x", "AuthorizationType": "AWS_IAM"}, ONLY_CONNECT),
        row("G-5", "create_route", {"RouteKey": "$disconnect", "AuthorizationType": "CUSTOM"}, ONLY_CONNECT),
        row("G-12", "create_route", {"RouteKey": "$connect", "AuthorizationType": "JWT"}, NO_JWT),
        row("G-12", "create_route", {"RouteKey": "$connect", "AuthorizationType": "CUSTOM"}, NO_AUTHORIZER),
        row(
            "G-12",
            "create_route",
            {"RouteKey": "$connect", "AuthorizationScopes": ["s"]},
            "Invalid Route authorization type specified. Authorization Scopes are only valid for "
            "COGNITO_USER_POOLS and JWT authorization types",
        ),
        row("G-13", "create_authorizer", AUTHORIZER | {"AuthorizerResultTtlInSeconds": 0}, TTL),
        row(
            "G-13",
            "create_integration",
            {"IntegrationType": "AWS_PROXY", "IntegrationSubtype": "SQS-SendMessage"},
            "IntegrationSubtype cannot be set for WEBSOCKET protocol Apis",
        ),
        row(
            "G-6",
            "create_authorizer",
            AUTHORIZER | {"AuthorizerType": "JWT"},
            "Invalid authorizer type specified. WEBSOCKET protocol Apis support REQUEST only",
        ),
        row(
            "G-17",
            "create_stage",
            {"StageName": "a.b"},
            "Stage name only allows a-zA-Z0-9_- or $default",
        ),
        row(
            "G-17",
            "create_stage",
            {"StageName": "s", "StageVariables": {"a": "1 2"}},
            "Invalid stage variable value: 1 2.  Please use values with alphanumeric characters and the symbols "
            "' ', -', '.', '_', ':', '/', '?', '&', '=', and ','.",
        ),
        row(
            "R-19",
            "create_integration",
            {"IntegrationType": "MOCK", "TimeoutInMillis": 29_001},
            "Timeout should be between 50 ms and 29000 ms",
        ),
        row(
            "G-8",
            "create_route",
            {"RouteKey": "x", "OperationName": "o" * 65},
            f"1 validation error detected: Value '{'o' * 65}' at 'operationName' failed to satisfy constraint: "
            "Member must have length less than or equal to 64",
        ),
        row(
            "G-8",
            "create_integration",
            {"IntegrationType": "LAMBDA", "TimeoutInMillis": 30_001},
            "2 validation errors detected: Value 'LAMBDA' at 'integrationType' failed to satisfy constraint: "
            "Member must satisfy enum value set: [AWS, HTTP, MOCK, HTTP_PROXY, AWS_PROXY]; "
            "Value '30001' at 'timeoutInMillis' failed to satisfy constraint: "
            "Member must have value less than or equal to 30000",
        ),
    ],
)
def test_a_bad_request_is_refused_and_changes_nothing(
    api: Api, operation: str, arguments: dict[str, object], message: str
) -> None:
    before = everything(api)

    assert api.refused(operation, **arguments) == (400, "BadRequestException", message)
    assert everything(api) == before


def everything(api: Api) -> list[Any]:
    lists = ("routes", "integrations", "authorizers", "models", "stages", "deployments")
    return [api.call(f"get_{name}")["Items"] for name in lists]


@pytest.mark.aws("G-4")
def test_a_second_route_of_a_key_and_a_second_stage_of_a_name_are_conflicts(api: Api) -> None:
    api.route()
    other = api.route("other")
    api.call("create_stage", StageName=STAGE)
    route = (409, "ConflictException", "Route with key $connect already exists for this API")

    assert api.refused("create_route", RouteKey="$connect") == route
    assert api.refused("update_route", RouteId=other, RouteKey="$connect") == route
    assert api.refused("create_stage", StageName=STAGE) == (409, "ConflictException", "Stage already exists")
    assert api.call("update_route", RouteId=other, RouteKey="other")["RouteKey"] == "other"


@pytest.mark.aws("G-10")
def test_what_a_route_stands_on_cannot_be_deleted(api: Api) -> None:
    target = api.answering(200)
    integration = {"IntegrationId": target.partition("/")[2]}
    authorizer = {"AuthorizerId": api.call("create_authorizer", **AUTHORIZER)["AuthorizerId"]}
    route = api.route(Target=target, AuthorizationType="CUSTOM", **authorizer)

    assert api.refused("delete_integration", **integration) == (
        409,
        "ConflictException",
        f"Cannot delete Integration because it is referenced by the following Routes with Ids: [{route}]",
    )
    assert api.refused("delete_authorizer", **authorizer) == (
        409,
        "ConflictException",
        "Cannot delete authorizer 'guard', is referenced in route: $connect",
    )
    api.call("delete_route", RouteId=route)
    api.call("delete_integration", **integration)
    api.call("delete_authorizer", **authorizer)


@pytest.mark.aws("G-11")
@pytest.mark.parametrize("operation", ["create_stage", "update_stage", "create_deployment"])
def test_a_stage_with_auto_deploy_takes_no_deployment(api: Api, operation: str) -> None:
    api.route()
    deployment: dict[str, object] = {"DeploymentId": api.deploy()}
    name = "other" if operation == "create_stage" else STAGE
    api.call("create_stage", StageName=STAGE, AutoDeploy=True)
    asked: dict[str, dict[str, object]] = {
        "create_stage": {"AutoDeploy": True, **deployment},
        "update_stage": deployment,
        "create_deployment": {},
    }

    assert api.refused(operation, StageName=name, **asked[operation]) == (
        400,
        "BadRequestException",
        "Deployment ID cannot be set on this stage because AutoDeploy is enabled",
    )


@pytest.mark.aws("G-15")
def test_settings_of_a_route_that_is_not_there_are_not_found(api: Api) -> None:
    settings = {"x": {"ThrottlingRateLimit": 1.0, "ThrottlingBurstLimit": 1}}

    assert api.refused("create_stage", StageName=STAGE, RouteSettings=settings) == (
        404,
        "NotFoundException",
        "Unable to find Route by key x within the provided RouteSettings",
    )


@pytest.mark.aws("G-16")
def test_a_deployment_that_a_stage_is_at_cannot_be_deleted(api: Api) -> None:
    api.route()
    deployment = api.deploy()
    api.call("create_stage", StageName=STAGE, DeploymentId=deployment)

    assert api.refused("delete_deployment", DeploymentId=deployment) == (
        400,
        "BadRequestException",
        "Active stages pointing to this deployment must be moved or deleted",
    )


@pytest.mark.aws("G-14")
def test_an_api_that_a_domain_leads_to_cannot_be_deleted(api: Api) -> None:
    api.call("create_stage", StageName=STAGE)
    domain = f"{a_name('domain')}.test"
    api.apis.create_domain_name(DomainName=domain)
    mapping = api.call("create_api_mapping", DomainName=domain, Stage=STAGE)["ApiMappingId"]

    assert api.refused("delete_api") == (
        400,
        "BadRequestException",
        f"Deleting API {api.id} failed. Please remove all API mappings for the API from your custom domain names.",
    )
    api.apis.delete_api_mapping(DomainName=domain, ApiMappingId=mapping)
    api.apis.delete_domain_name(DomainName=domain)
    api.call("delete_api")
    assert api.refused("get_api")[:2] == (404, "NotFoundException")


NOT_THERE: dict[str, tuple[str, dict[str, object]]] = {
    "the target of a route": ("create_route", {"RouteKey": "x", "Target": "integrations/none"}),
    "the deployment of a stage": ("create_stage", {"StageName": "s", "DeploymentId": "none"}),
    "the stage of a deployment": ("create_deployment", {"StageName": "none"}),
    "a stage": ("update_stage", {"StageName": "none"}),
    "a route": ("update_route", {"RouteId": "none"}),
    "the route of a response": ("create_route_response", {"RouteId": "none", "RouteResponseKey": "$default"}),
    "an authorizer": ("delete_authorizer", {"AuthorizerId": "none"}),
}


@pytest.mark.parametrize(("operation", "arguments"), NOT_THERE.values(), ids=NOT_THERE)
def test_what_is_not_there_is_not_found(api: Api, operation: str, arguments: dict[str, object]) -> None:
    assert api.refused(operation, **arguments)[:2] == (404, "NotFoundException")


@pytest.mark.aws("G-8")
def test_a_websocket_api_needs_a_route_selection_expression(api: Api) -> None:
    asked = {"Name": "x", "ProtocolType": "WEBSOCKET"}

    assert refused(api.apis.create_api, **asked)[:2] == (400, "BadRequestException")


# --- regions, tags, lists ---------------------------------------------------------------------------------


@pytest.mark.aws("G-7")
def test_a_host_of_another_region_leads_to_no_api(api: Api) -> None:
    api.route(Target=api.answering(200))
    api.call("create_stage", StageName=STAGE, AutoDeploy=True)
    at = urlsplit(api.endpoint)
    options = {"address": (at.hostname, at.port)}

    def status(region: str) -> int:
        return status_of(f"ws://{api.id}.execute-api.{region}.amazonaws.com/{STAGE}", **options)

    assert [status(region) for region in ("us-east-1", "eu-west-1")] == [101, 403]


@pytest.mark.aws("G-7")
def test_an_api_of_another_region_is_not_there(api: Api) -> None:
    elsewhere = boto3.Session("test", "test", region_name="eu-west-1").client(
        "apigatewayv2", endpoint_url=api.endpoint, config=Config(retries={"total_max_attempts": 1})
    )
    listed = [one["ApiId"] for one in elsewhere.get_apis()["Items"]]
    answer = refused(elsewhere.get_api, ApiId=api.id)[:2]
    elsewhere.close()

    assert api.id not in listed
    assert answer == (404, "NotFoundException")


def test_tags_of_an_api_and_of_a_stage_are_kept(api: Api) -> None:
    api.call("create_stage", StageName=STAGE, Tags={"a": "1"})
    arn = f"arn:aws:apigateway:us-east-1::/apis/{api.id}"
    for each in (arn, f"{arn}/stages/{STAGE}"):
        api.apis.tag_resource(ResourceArn=each, Tags={"b": "2", "c": "3", "d": "4"})
        api.apis.untag_resource(ResourceArn=each, TagKeys=["c", "d"])

    assert api.apis.get_tags(ResourceArn=arn)["Tags"] == {"b": "2"}
    assert api.call("get_stage", StageName=STAGE)["Tags"] == {"a": "1", "b": "2"}


def test_lists_come_in_pages(api: Api) -> None:
    for key in ("a", "b", "c"):
        api.route(key)
    first = api.call("get_routes", MaxResults="2")
    second = api.call("get_routes", MaxResults="2", NextToken=first["NextToken"])

    assert [one["RouteKey"] for page in (first, second) for one in page["Items"]] == ["a", "b", "c"]
    assert "NextToken" not in second


def test_http_apis_stand_beside_websocket_apis(api: Api) -> None:
    http = api.apis.create_api(Name=a_name("http"), ProtocolType="HTTP")["ApiId"]
    listed = {one["ApiId"]: one["ProtocolType"] for one in api.apis.get_apis()["Items"]}
    api.apis.delete_api(ApiId=http)

    assert (listed[http], listed[api.id]) == ("HTTP", "WEBSOCKET")


CREATED: dict[str, tuple[str, dict[str, object], Callable[[Any], object]]] = {
    "a route": (
        "create_route",
        {"RouteKey": "x"},
        lambda one: (one["AuthorizationType"], one["ApiKeyRequired"]),
    ),
    "an integration": ("create_integration", {"IntegrationType": "MOCK"}, lambda one: one["TimeoutInMillis"]),
    "a stage": ("create_stage", {"StageName": "s"}, lambda one: one["DefaultRouteSettings"]["LoggingLevel"]),
}


def test_what_is_not_asked_for_has_its_default(api: Api) -> None:
    found = [read(api.call(operation, **asked)) for operation, asked, read in CREATED.values()]

    assert found == [("NONE", False), 29_000, "OFF"]
