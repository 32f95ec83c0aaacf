"""Deployed APIs, read out of moto's control plane as the gateway needs them."""

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

import orjson

from harness.emulator.aws_api.errors import aws_error
from harness.emulator.aws_api.requests import ACCOUNT
from harness.emulator.gateway.apis import (
    INTEGRATION_TIMEOUT,
    Api,
    ApiMapping,
    Authorization,
    Authorizer,
    CustomDomain,
    Integration,
    LambdaIntegration,
    MockIntegration,
    Route,
    RouteKey,
    Stage,
    Throttling,
    UnsupportedIntegration,
)
from harness.emulator.gateway.request_models import unsupported
from harness.emulator.moto_services import backend_of
from harness.emulator.port.http import Request, Response

_log = logging.getLogger(__name__)
_MOST = {"routes": 300, "integrations": 300, "stages": 10, "authorizers": 10}
_CREATED = re.compile(r"/v2/apis/(?P<api>[^/]+)/(?P<kind>routes|integrations|stages|authorizers)")
_FUNCTION_IN_URI = re.compile(r"functions/(.+?)/invocations$")


ApiKeys: TypeAlias = Callable[[str, str], Mapping[str, Throttling | None]]
"""The API keys of a stage, by API id and stage, each with its usage plan's throttle."""


class DeployedApis:
    """The WebSocket APIs of one region, built once and again after each change.

    What is not emulated raises nothing: it becomes an UnsupportedIntegration, which the gateway refuses by name.
    """

    def __init__(self, region: str, api_keys: ApiKeys) -> None:
        self._region = region
        self._api_keys = api_keys
        self._built: dict[str, Api] = {}
        self._domains: Mapping[str, CustomDomain] | None = None

    def __call__(self, api_id: str) -> Api | None:
        """The API with this id; None when there is none, or when it is not a WebSocket API."""
        if api_id not in self._built:
            of_moto = _apis(self._region).get(api_id)
            if of_moto is None or of_moto.protocol_type != "WEBSOCKET":
                return None
            self._built[api_id] = _api(of_moto, self._region, self._api_keys)
        return self._built[api_id]

    def custom_domain(self, name: str) -> CustomDomain | None:
        """The API mappings of a custom domain (U-3); None for a name that is none."""
        if self._domains is None:
            self._domains = _custom_domains(self._region)
        return self._domains.get(name)

    def changed(self) -> None:
        """The control plane was written to."""
        self._built.clear()
        self._domains = None


def _apis(region: str) -> Mapping[str, Any]:
    backend: Any = backend_of("apigatewayv2", region)
    return {} if backend is None else cast(Mapping[str, Any], backend.apis)


def _custom_domains(region: str) -> Mapping[str, CustomDomain]:
    backend: Any = backend_of("apigatewayv2", region)
    if backend is None:
        return {}
    domains: dict[str, dict[str, ApiMapping]] = {name.lower(): {} for name in list(backend.domain_names)}
    for one in list(backend.api_mappings.values()):
        mapping = ApiMapping(one.api_id, one.stage)
        domains.get(one.domain_name.lower(), {})[one.api_mapping_key or ""] = mapping
    return domains


def stages_of(region: str, api_id: str) -> frozenset[str] | None:
    """The names of an API's stages; None when there is no such API."""
    api = _apis(region).get(api_id)
    return None if api is None else frozenset(api.stages)


def beyond_quota(request: Request, region: str) -> Response | None:
    """The refusal of a Create call for an API that has as much of its kind as it may have (Q-11); None to go on."""
    match = _CREATED.fullmatch(request.path) if request.method == "POST" else None
    api = _apis(region).get(match["api"]) if match is not None else None
    if match is None or api is None or len(getattr(api, match["kind"])) < _MOST[match["kind"]]:
        return None
    kind = match["kind"].capitalize()
    reached = f"Maximum number of {kind} for this API has been reached."
    text = f"{reached} Please contact AWS if you need additional {kind}."
    return aws_error("apigateway", 429, "TooManyRequestsException", text)


def _api(api: Any, region: str, api_keys: ApiKeys) -> Api:
    routes = [_route(api, route) for route in list(api.routes.values())]
    return Api(
        api_id=api.api_id,
        name=api.name,
        region=region,
        account=ACCOUNT,
        stages={name: _stage(stage, api.api_id, api_keys) for name, stage in list(api.stages.items())},
        routes={route.route_key: route for route in routes},
        route_selection_expression=api.route_selection_expression,
        api_key_selection_expression=api.api_key_selection_expression,
    )


def _stage(stage: Any, api_id: str, api_keys: ApiKeys) -> Stage:
    return Stage(
        name=stage.name,
        variables=dict(stage.stage_variables or {}),
        default_throttling=_throttling(stage.default_route_settings or {}),
        route_throttling={
            RouteKey(key): throttling
            for key, settings in (stage.route_settings or {}).items()
            if (throttling := _throttling(settings)) is not None
        },
        api_keys=api_keys(api_id, stage.name),
    )


def _throttling(settings: Mapping[str, Any]) -> Throttling | None:
    rate, burst = settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit")
    return None if rate is None or burst is None else Throttling(float(rate), int(burst))


def _route(api: Any, route: Any) -> Route:
    integration_id = (route.target or "").removeprefix("integrations/")
    integration = api.integrations.get(integration_id)
    model = _request_model(api, route)
    problem = None if model is None else unsupported(model)
    if problem is not None:
        # Refused rather than ignored: a message must not pass because nobody looked at it.
        _log.error("route %s: a request model with '%s' is not emulated", route.route_key, problem)
    return Route(
        route_key=RouteKey(route.route_key),
        integration=_target(integration) if problem is None else UnsupportedIntegration(f"model: {problem}"),
        request_model=model if problem is None else None,
        authorization=_authorization(api, route),
        api_key_required=bool(route.api_key_required),
        route_response=bool(route.route_responses)
        and route.route_response_selection_expression == "$default",
    )


def _request_model(api: Any, route: Any) -> Any:
    """The JSON Schema that messages of a route must pass; None without one (R-20).

    A model named `$default` counts; which other one is chosen by a ModelSelectionExpression is not emulated.
    """
    names = route.request_models or {}
    name = names.get("$default") or next(iter(names.values()), None)
    schemas = [model.schema for model in list(api.models.values()) if model.name == name]
    if name is None:
        return None
    try:
        return orjson.loads(schemas[0]) if schemas else f"the unknown model {name}"
    except orjson.JSONDecodeError:
        return f"the model {name} that is no JSON"


def _target(integration: Any) -> Integration | None:
    return None if integration is None else _integration(integration)


def _integration(integration: Any) -> Integration:
    milliseconds = integration.timeout_in_millis
    match integration.integration_type:
        case "AWS_PROXY" if found := _FUNCTION_IN_URI.search(integration.integration_uri or ""):
            # moto's default is that of HTTP APIs, 30 s; WebSocket APIs end at 29 s.
            converts = integration.content_handling_strategy == "CONVERT_TO_BINARY"
            return LambdaIntegration(found[1], min(milliseconds / 1000, INTEGRATION_TIMEOUT), converts)
        case "MOCK":
            return _mock(integration)
    return UnsupportedIntegration(f"{integration.integration_type} to {integration.integration_uri}")


def _mock(integration: Any) -> Integration:
    """A mock whose templates are constants; one that computes (`$`, `#`) is not emulated."""
    request = _template(integration.request_templates, integration.template_selection_expression)
    response = next(iter(integration.responses.values()), None)
    body = "" if response is None else _template(response.response_templates, "")
    if _computes(request) or _computes(body) or len(integration.responses) > 1:
        return UnsupportedIntegration("MOCK with templates that compute, or with several responses")
    try:
        status = orjson.loads(request or '{"statusCode": 200}')["statusCode"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return UnsupportedIntegration("MOCK with a request template that names no statusCode")
    return MockIntegration(int(status), body)


def _template(templates: Mapping[str, str] | None, selection_expression: str | None) -> str:
    """The template that a constant expression selects, else the default one, else the first."""
    every = templates or {}
    selected = (selection_expression or "").replace("\\$", "$")
    return every.get(selected) or every.get("$default") or next(iter(every.values()), "")


def _computes(template: str) -> bool:
    return "$" in template or "#" in template


def _authorization(api: Any, route: Any) -> Authorization:
    match route.authorization_type:
        case "AWS_IAM":
            return "AWS_IAM"
        case "CUSTOM":
            return _authorizer(route.authorizer_id or "", api.authorizers.get(route.authorizer_id))
    return "NONE"


def _authorizer(authorizer_id: str, authorizer: Any) -> Authorizer:
    """One that is gone still guards its route: no function answers for it, and the connect fails."""
    if authorizer is None:
        return Authorizer(authorizer_id, name="", function="")
    found = _FUNCTION_IN_URI.search(authorizer.authorizer_uri or "")
    return Authorizer(
        authorizer_id=authorizer_id,
        name=authorizer.name,
        function=found[1] if found else "",
        identity_sources=tuple(authorizer.identity_source or ()),
    )
