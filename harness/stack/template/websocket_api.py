"""WebSocket API of a template, and which function each of its routes leads to."""

from collections.abc import Iterator, Mapping

from harness.stack.template.api_deployments import DEPLOYMENT, check_deployment
from harness.stack.template.functions import function_of
from harness.stack.template.intrinsics import only_reference, references_in, shown
from harness.stack.template.reading import Reading, Resource, list_of, mapping_of

API = "AWS::ApiGatewayV2::Api"
STAGE = "AWS::ApiGatewayV2::Stage"
ROUTE = "AWS::ApiGatewayV2::Route"
ROUTE_RESPONSE = "AWS::ApiGatewayV2::RouteResponse"
AUTHORIZER = "AWS::ApiGatewayV2::Authorizer"
INTEGRATION = "AWS::ApiGatewayV2::Integration"
API_KEY = "AWS::ApiGateway::ApiKey"
USAGE_PLAN = "AWS::ApiGateway::UsagePlan"
USAGE_PLAN_KEY = "AWS::ApiGateway::UsagePlanKey"

API_TYPES = (
    API,
    STAGE,
    DEPLOYMENT,
    ROUTE,
    ROUTE_RESPONSE,
    AUTHORIZER,
    INTEGRATION,
    API_KEY,
    USAGE_PLAN,
    USAGE_PLAN_KEY,
)


def read_api(reading: Reading, *, name: object) -> str | None:
    """The API and its stage's name; `name` is the API's logical id, where there are several."""
    found = [one for one in reading.of_type(API) if reading.property(one, "ProtocolType") == "WEBSOCKET"]
    for other in reading.of_type(API):
        if other not in found:
            reading.notice(other.location, "is no WebSocket API, so it is not deployed here")
    chosen = [one for one in found if name in (None, one.logical_id)]
    if len(chosen) != 1:
        reading.mistake(
            ("Metadata", "FanoutHarness", "api") if name else ("Resources",), _choice(found, name)
        )
        return None
    (resource,) = chosen
    reading.notice_unread(
        resource,
        read=("Name", "ProtocolType", "RouteSelectionExpression"),
        without_effect="Description DisableSchemaValidation IpAddressType Tags Version",
    )
    reading.put(("api",), {"name": resource.logical_id, "routes": {}}, resource.location)
    fields = {"name": "Name", "route_selection_expression": "RouteSelectionExpression"}
    reading.put_properties(("api",), resource, fields)
    return _read_stage(reading, resource)


def read_routes(reading: Reading, unreadable: Mapping[str, str]) -> None:
    """The routes of the API that was read; `unreadable` functions are a mistake where a route leads to one."""
    for route in reading.of_type(ROUTE):
        if _is_of_the_api(reading, route):
            reading.notice_unread(
                route,
                read=(
                    *("ApiId", "ApiKeyRequired", "AuthorizationType", "AuthorizerId", "RouteKey", "Target"),
                    "RouteResponseSelectionExpression",
                ),
                without_effect="OperationName",
            )
            _read_route(reading, route, unreadable)
    _read_api_keys(reading)


def _choice(found: list[Resource], name: object) -> str:
    ids = ", ".join(one.logical_id for one in found)
    if not found:
        return f"the template has no WebSocket API ({API} with ProtocolType: WEBSOCKET), so there is nothing to run"
    if name is not None:
        return f"no WebSocket API is called '{name}'; there is {ids}"
    return f"there are several WebSocket APIs ({ids}); name one in Metadata: {{FanoutHarness: {{api: ...}}}}"


def _is_of_the_api(reading: Reading, resource: Resource) -> bool:
    api = only_reference(reading.property(resource, "ApiId"))
    return api is not None and reading.places.get(("api",)) == ("Resources", api.logical_id)


def _read_stage(reading: Reading, api: Resource) -> str | None:
    stages = [one for one in reading.of_type(STAGE) if _is_of_the_api(reading, one)]
    if not stages:
        if not any(_is_wrong(reading, one) for one in reading.of_type(STAGE)):
            reading.mistake(api.location, f"has no stage ({STAGE}), so nobody can reach it")
        return None
    stage, *others = stages
    for other in others:
        reading.notice(other.location, f"is not deployed here; {stage.logical_id} is, the first stage")
    reading.notice_unread(
        stage,
        read=("ApiId", "AutoDeploy", "DefaultRouteSettings", "DeploymentId", "StageName"),
        without_effect="AccessLogSettings Description Tags",
    )
    settings = mapping_of(stage.properties.get("DefaultRouteSettings"))
    if any(name.startswith("Throttling") for name in settings):
        place = stage.property_location("DefaultRouteSettings")
        reading.notice(place, "throttling is not read; give the API's quotas in Metadata: FanoutHarness")
    parts = [one for one in reading.of_type(ROUTE, ROUTE_RESPONSE) if _is_of_the_api(reading, one)]
    check_deployment(reading, stage, parts)
    name = reading.text(stage, "StageName")
    reading.put(("api", "stage"), name, stage.property_location("StageName"))
    return name


def _is_wrong(reading: Reading, resource: Resource) -> bool:
    return any(location[:2] == resource.location for location, _ in reading.mistakes)


def _read_route(reading: Reading, route: Resource, unreadable: Mapping[str, str]) -> None:
    key = reading.text(route, "RouteKey")
    integration = _integration(reading, route)
    if key is None or integration is None:
        return
    kind = reading.property(integration, "IntegrationType")
    if kind != "AWS_PROXY":
        reading.notice(integration.location, f"its type {kind} is not read, so route '{key}' is not there")
        return
    reading.notice_unread(
        integration,
        read=("ApiId", "IntegrationType", "IntegrationUri"),
        without_effect="ConnectionType CredentialsArn Description IntegrationMethod PayloadFormatVersion",
    )
    uri = reading.property(integration, "IntegrationUri")
    function = function_of(reading, uri)
    place = integration.property_location("IntegrationUri")
    if function is None:
        told = shown(uri) if isinstance(uri, str) else "nothing"
        reading.mistake(place, f"route '{key}' leads to '{told}', which is no function of this template")
    elif function in unreadable:
        reading.mistake(("Resources", function), f"route '{key}' needs it, but {unreadable[function]}")
    else:
        _put_route(reading, route, key, function, unreadable)


def _put_route(
    reading: Reading, route: Resource, key: str, function: str, unreadable: Mapping[str, str]
) -> None:
    found: dict[str, object] = {"function": function}
    if reading.property(route, "RouteResponseSelectionExpression") == "$default" and _responds(
        reading, route
    ):
        found["two_way"] = True  # both are needed (T-2)
    match reading.property(route, "AuthorizationType"):
        case "CUSTOM":
            found["authorizer"] = _authorizer(reading, route, key, unreadable)
        case str(kind):
            found["authorization"] = kind
    if str(reading.property(route, "ApiKeyRequired")).lower() == "true":
        found["api_key_required"] = True
    reading.put(("api", "routes", key), found, route.location)


def _authorizer(
    reading: Reading, route: Resource, key: str, unreadable: Mapping[str, str]
) -> Mapping[str, object] | None:
    """The authorizer of a route; a mistake for one that is not known, because nobody would guard the route."""
    place = route.property_location("AuthorizerId")
    reference = only_reference(reading.property(route, "AuthorizerId"))
    resource = None if reference is None else reading.resources[reference.logical_id]
    if resource is None or resource.type != AUTHORIZER:
        reading.mistake(place, f"route '{key}' needs an authorizer ({AUTHORIZER}) of this template")
        return None
    reading.notice_unread(
        resource,
        read=("ApiId", "AuthorizerType", "AuthorizerUri", "IdentitySource", "Name"),
        without_effect="AuthorizerCredentialsArn",
    )
    if reading.property(resource, "AuthorizerType") != "REQUEST":
        place = resource.property_location("AuthorizerType")
        reading.mistake(place, "a WebSocket API has authorizers of type REQUEST only (G-6)")
    function = function_of(reading, reading.property(resource, "AuthorizerUri"))
    place = resource.property_location("AuthorizerUri")
    if function is None:
        reading.mistake(place, "leads to no function of this template")
    elif function in unreadable:
        reading.mistake(("Resources", function), f"route '{key}' needs it, but {unreadable[function]}")
    sources = list_of(reading.property(resource, "IdentitySource"))
    return {"function": function, "identity_sources": [str(one) for one in sources]}


def _integration(reading: Reading, route: Resource) -> Resource | None:
    target = reading.property(route, "Target")
    for reference in references_in(target) if isinstance(target, str) else ():
        resource = reading.resources[reference.logical_id]
        if resource.type == INTEGRATION:
            return resource
    told = f"'{shown(target)}'" if isinstance(target, str) else "nothing"
    reading.mistake(
        route.property_location("Target"), f"leads to {told}, which is no integration of this template"
    )
    return None


def _responds(reading: Reading, route: Resource) -> bool:
    responses = reading.of_type(ROUTE_RESPONSE)
    routes = [only_reference(reading.property(one, "RouteId")) for one in responses]
    return any(one is not None and one.logical_id == route.logical_id for one in routes)


def _read_api_keys(reading: Reading) -> None:
    plans = [plan.logical_id for plan in reading.of_type(USAGE_PLAN) if _is_of_our_stage(reading, plan)]
    keys = [key.logical_id for key in reading.of_type(USAGE_PLAN_KEY) for key in _key_of(reading, key, plans)]
    values = []
    for key in reading.of_type(API_KEY):
        if key.logical_id not in keys:
            reading.notice(
                key.location, "is in no usage plan of the WebSocket API, so it is not deployed here"
            )
        elif (value := reading.text(key, "Value")) is None:
            reading.notice(key.location, "has no Value, so nobody could send it; it is not deployed here")
        else:
            values.append(value)
            reading.put(("api", "api_keys"), values, key.property_location("Value"))


def _is_of_our_stage(reading: Reading, plan: Resource) -> bool:
    apis = [
        only_reference(mapping_of(stage).get("ApiId"))
        for stage in list_of(reading.property(plan, "ApiStages"))
    ]
    ours = reading.places.get(("api",))
    return any(api is not None and ("Resources", api.logical_id) == ours for api in apis)


def _key_of(reading: Reading, key: Resource, plans: list[str]) -> Iterator[Resource]:
    plan, one = (only_reference(reading.property(key, name)) for name in ("UsagePlanId", "KeyId"))
    if plan is not None and one is not None and plan.logical_id in plans:
        yield reading.resources[one.logical_id]
