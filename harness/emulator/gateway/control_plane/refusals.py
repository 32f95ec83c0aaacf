"""Refusals of API Gateway's control plane: what AWS does not take, in AWS's words where they are recorded.

What botocore's service model says (required, lengths, ranges, enums) is checked before; here stands what it cannot
say. Pure: each rule takes the definition as it is, and the part as it would be. Codes such as G-4 are rows of
docs/aws-rows.csv.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from harness.emulator.gateway.control_plane.definition import Definition, Path, Resource, mapping, text

PREDEFINED = ("$connect", "$disconnect", "$default")
LONGEST_TIMEOUT = 29_000
"""Milliseconds that an integration of a WebSocket API may take (R-19)."""

_MOST: Mapping[str, int] = {"routes": 300, "integrations": 300, "stages": 10, "authorizers": 10}
_HTTP_ONLY: Mapping[str, tuple[str, ...]] = {
    "apis": ("corsConfiguration", "credentialsArn", "routeKey", "target"),
    "integrations": ("integrationSubtype", "responseParameters", "tlsConfig"),
    "authorizers": (
        "authorizerPayloadFormatVersion",
        "authorizerResultTtlInSeconds",
        "enableSimpleResponses",
        "jwtConfiguration",
    ),
}
_STAGE_NAME = re.compile(r"[a-zA-Z0-9_-]+|\$default")
_VARIABLE_NAME = re.compile(r"[a-zA-Z0-9_]+")
_VARIABLE_VALUE = re.compile(r"[A-Za-z0-9\-._~:/?#&=,]+")
_MODEL_NAME = re.compile(r"[a-zA-Z0-9]+")
_JWT = (
    "Invalid authorizer ID specified. Setting the authorization type to JWT requires a valid JWT authorizer."
)
_CUSTOM = (
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a "
    "valid authorizer."
)
_SCOPES = (
    "Invalid Route authorization type specified. Authorization Scopes are only valid for COGNITO_USER_POOLS and "
    "JWT authorization types"
)


class Refused(Exception):
    """A call that is refused, and has changed nothing: AWS's status, its name for the error, its words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def bad_request(message: str) -> Refused:
    return Refused(400, "BadRequestException", message)


def conflict(message: str) -> Refused:
    return Refused(409, "ConflictException", message)


def not_found(message: str) -> Refused:
    return Refused(404, "NotFoundException", message)


def check_number(kind: str, number: int) -> None:
    """Refuses one more of a kind when there are `number` and more are not allowed (Q-11)."""
    if number >= _MOST.get(kind, number + 1):
        reached = f"Maximum number of {kind.capitalize()} for this API has been reached."
        more = f"Please contact AWS if you need additional {kind.capitalize()}."
        raise Refused(429, "TooManyRequestsException", f"{reached} {more}")


def check_protocol(kind: str, asked: Resource) -> None:
    """Refuses what only HTTP APIs have (G-13): it would have no effect."""
    for name in _HTTP_ONLY.get(kind, ()):
        if asked.get(name) not in (None, [], {}):
            raise bad_request(f"{name[0].upper()}{name[1:]} cannot be set for WEBSOCKET protocol Apis")


def check_part(definition: Definition, path: Path, part: Resource) -> None:
    """Refuses a part that the API cannot have; `definition` may hold the part as it was."""
    others = [one for at, one in definition.parts.items() if at[:-1] == path[:-1] and at != path]
    _CHECKS[path[-2]](definition, others, part)


def check_unused(definition: Definition, path: Path) -> None:
    """Refuses to delete what a route stands on (G-10)."""
    part, routes = definition.parts[path], definition.all_in("routes")
    match path:
        case ("integrations", integration_id):
            target = f"integrations/{integration_id}"
            ids = [text(route, "routeId") for route in routes if route.get("target") == target]
            if ids:
                said = "Cannot delete Integration because it is referenced by the following Routes with Ids: "
                raise conflict(f"{said}[{', '.join(ids)}]")
        case ("authorizers", authorizer_id):
            _refuse_referenced(
                f"authorizer '{part['name']}'",
                (route for route in routes if route.get("authorizerId") == authorizer_id),
            )
        case ("models", _):
            # Not recorded on AWS yet: the deletion of a model that a route names; like that of an authorizer.
            _refuse_referenced(
                f"model '{part['name']}'",
                (route for route in routes if part["name"] in mapping(route, "requestModels").values()),
            )


def _refuse_referenced(what: str, routes: Iterable[Resource]) -> None:
    for route in routes:
        raise conflict(f"Cannot delete {what}, is referenced in route: {route['routeKey']}")


def check_api(api: Resource) -> None:
    """Refuses settings that a WebSocket API cannot have."""
    if not text(api, "routeSelectionExpression"):
        # Not recorded on AWS yet: the words for a WebSocket API without a route selection expression.
        raise bad_request("RouteSelectionExpression is required for WEBSOCKET protocol Apis")


def check_stage(definition: Definition, stage: Resource) -> None:
    """Refuses a stage's name, variables and route settings (G-15, G-17); not its deployment."""
    if _STAGE_NAME.fullmatch(text(stage, "stageName")) is None:
        # Not recorded on AWS yet: the words for a stage name with other characters.
        raise bad_request("Stage name only allows a-zA-Z0-9_- or $default")
    for name, value in mapping(stage, "stageVariables").items():
        if _VARIABLE_NAME.fullmatch(name) is None:
            # Not recorded on AWS yet: the words for a stage variable's name with other characters.
            raise bad_request(
                f"Invalid stage variable name: {name}.  Please use alphanumeric characters and '_'."
            )
        if _VARIABLE_VALUE.fullmatch(str(value)) is None:
            symbols = "' ', -', '.', '_', ':', '/', '?', '&', '=', and ','"
            said = f"Invalid stage variable value: {value}.  Please use values with alphanumeric characters"
            raise bad_request(f"{said} and the symbols {symbols}.")
    known = {route["routeKey"] for route in definition.all_in("routes")}
    for key in mapping(stage, "routeSettings"):
        if key not in known:
            raise not_found(f"Unable to find Route by key {key} within the provided RouteSettings")


# --- parts ------------------------------------------------------------------------------------------------


def _check_route(definition: Definition, others: list[Resource], route: Resource) -> None:
    key, authorization = text(route, "routeKey"), text(route, "authorizationType")
    if not key or (key.startswith("$") and key not in PREDEFINED):  # G-9
        raise bad_request("The provided route key is not formatted properly")
    if any(other["routeKey"] == key for other in others):  # G-4
        raise conflict(f"Route with key {key} already exists for this API")
    if authorization != "NONE" and key != "$connect":  # G-5
        raise bad_request("Currently, authorization is restricted to the $connect route only")
    if authorization == "JWT":  # G-6: a WebSocket API has no such authorizer
        raise bad_request(_JWT)
    if authorization == "CUSTOM" and ("authorizers", text(route, "authorizerId")) not in definition.parts:
        raise bad_request(_CUSTOM)
    if route.get("authorizationScopes"):
        raise bad_request(_SCOPES)
    target = text(route, "target")
    is_there = target.startswith("integrations/") and tuple(target.split("/")) in definition.parts
    if target and not is_there:
        # Not recorded on AWS yet: the words for a route's target that is not there.
        raise not_found(f"Invalid Integration identifier specified {target}")


def _check_integration(_: Definition, __: list[Resource], integration: Resource) -> None:
    timeout = integration.get("timeoutInMillis")
    if isinstance(timeout, int) and timeout > LONGEST_TIMEOUT:  # R-19; the model has the 30,000 of HTTP APIs
        # Not recorded on AWS yet: the words for a time-out that only an HTTP API can have.
        raise bad_request(f"Timeout should be between 50 ms and {LONGEST_TIMEOUT} ms")


def _check_authorizer(_: Definition, __: list[Resource], authorizer: Resource) -> None:
    if authorizer.get("authorizerType") != "REQUEST":  # G-6
        # Not recorded on AWS yet: the words for a JWT authorizer of a WebSocket API.
        raise bad_request("Invalid authorizer type specified. WEBSOCKET protocol Apis support REQUEST only")
    if not text(authorizer, "authorizerUri"):
        # Not recorded on AWS yet: the words for a REQUEST authorizer without its function.
        raise bad_request("AuthorizerUri is required for REQUEST authorizers")


def _check_model(_: Definition, others: list[Resource], model: Resource) -> None:
    # Not recorded on AWS yet: the words for a model's name that is not alphanumeric, or there already.
    if _MODEL_NAME.fullmatch(text(model, "name")) is None:
        raise bad_request("Model name must be alphanumeric")
    if any(other["name"] == model["name"] for other in others):
        raise conflict(f"Model with name {model['name']} already exists for this API")


def _check_route_response(_: Definition, others: list[Resource], response: Resource) -> None:
    _refuse_second(others, response, "RouteResponse", "routeResponseKey")


def _check_integration_response(_: Definition, others: list[Resource], response: Resource) -> None:
    _refuse_second(others, response, "IntegrationResponse", "integrationResponseKey")


def _refuse_second(others: list[Resource], response: Resource, what: str, name: str) -> None:
    if any(other[name] == response[name] for other in others):
        # Not recorded on AWS yet: the words for a second response of one key.
        raise conflict(f"{what} with key {response[name]} already exists")


_Check = Callable[[Definition, list[Resource], Resource], None]

_CHECKS: Mapping[str, _Check] = {
    "routes": _check_route,
    "integrations": _check_integration,
    "authorizers": _check_authorizer,
    "models": _check_model,
    "routeresponses": _check_route_response,
    "integrationresponses": _check_integration_response,
}
