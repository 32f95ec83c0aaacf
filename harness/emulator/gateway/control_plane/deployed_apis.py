"""Deployed APIs, as the gateway needs them: built of what each stage's deployment says, and kept until it changes."""

import logging
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import orjson

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
    UnsupportedAuthorization,
    UnsupportedIntegration,
)
from harness.emulator.gateway.control_plane.custom_domains import Domains
from harness.emulator.gateway.control_plane.definition import Definition, Resource, mapping, text
from harness.emulator.gateway.control_plane.websocket_api import WebSocketApi
from harness.emulator.gateway.request_models import unsupported

_log = logging.getLogger(__name__)
_FUNCTION_IN_URI = re.compile(r"functions/(.+?)/invocations$")

ApiKeys: TypeAlias = Callable[[str, str], Mapping[str, Throttling | None]]
"""The API keys of a stage, by API id and stage, each with its usage plan's throttle."""


class DeployedApis:
    """The APIs as they are deployed to their stages, each built when it is first asked for after a change.

    What is not emulated raises nothing: it becomes an UnsupportedIntegration, which the gateway refuses by name.
    """

    def __init__(
        self,
        *,
        api: Callable[[str], WebSocketApi | None],
        domains: Callable[[], Domains],
        api_keys: ApiKeys,
    ) -> None:
        self._api, self._of_domains, self._api_keys = api, domains, api_keys
        self._built: dict[tuple[str, str], Api] = {}
        self._domains: Mapping[str, CustomDomain] | None = None

    def __call__(self, api_id: str, stage: str) -> Api | None:
        """The API as it is deployed to a stage; None when there is none, or nothing is deployed there (G-1)."""
        built = self._built.get((api_id, stage))
        if built is not None:
            return built
        api = self._api(api_id)
        definition = None if api is None else api.deployed_to(stage)
        if api is None or definition is None:
            return None
        of_stage = _stage(api.stages[stage], api_id, self._api_keys)
        self._built[api_id, stage] = _built(definition, api.region, of_stage)
        return self._built[api_id, stage]

    def is_in(self, region: str, api_id: str) -> bool:
        """Whether an API is one of this region (G-7); one that is not there is in none."""
        api = self._api(api_id)
        return api is not None and api.region == region

    def custom_domain(self, name: str) -> CustomDomain | None:
        """The API mappings of a custom domain (U-3); None for a name that is none."""
        if self._domains is None:
            self._domains = _custom_domains(self._of_domains())
        return self._domains.get(name)

    def changed(self) -> None:
        """The control plane was written to."""
        self._built.clear()
        self._domains = None


def _custom_domains(domains: Domains) -> Mapping[str, CustomDomain]:
    return {
        name: {
            text(one, "apiMappingKey"): ApiMapping(text(one, "apiId"), text(one, "stage"))
            for one in domain.mappings.values()
        }
        for name, domain in domains.items()
    }


def _built(definition: Definition, region: str, stage: Stage) -> Api:
    routes = [_route(definition, route) for route in definition.all_in("routes")]
    return Api(
        api_id=text(definition.api, "apiId"),
        name=text(definition.api, "name"),
        region=region,
        account=ACCOUNT,
        stages={stage.name: stage},
        routes={route.route_key: route for route in routes},
        route_selection_expression=text(definition.api, "routeSelectionExpression"),
        api_key_selection_expression=text(definition.api, "apiKeySelectionExpression"),
    )


def _stage(stage: Resource, api_id: str, api_keys: ApiKeys) -> Stage:
    name, settings = text(stage, "stageName"), mapping(stage, "routeSettings")
    return Stage(
        name=name,
        variables=_texts(mapping(stage, "stageVariables")),
        default_throttling=_throttling(mapping(stage, "defaultRouteSettings")),
        route_throttling=MappingProxyType(
            {
                RouteKey(key): throttling
                for key in settings
                if (throttling := _throttling(mapping(settings, key))) is not None
            }
        ),
        api_keys=api_keys(api_id, name),
    )


def _throttling(settings: Resource) -> Throttling | None:
    match settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit"):
        case (int() | float() as rate, int() as burst):
            return Throttling(float(rate), burst)
    return None


def _route(definition: Definition, route: Resource) -> Route:
    model = _request_model(definition, route)
    problem = None if model is None else unsupported(model)
    if problem is not None:
        # Refused rather than ignored: a message must not pass because nobody looked at it.
        _log.error("route %s: a request model with '%s' is not emulated", route["routeKey"], problem)
    target = _target(definition, route)
    return Route(
        route_key=RouteKey(text(route, "routeKey")),
        integration=target if problem is None else UnsupportedIntegration(f"model: {problem}"),
        request_model=model if problem is None and isinstance(model, Mapping) else None,
        authorization=_authorization(definition, route),
        api_key_required=route.get("apiKeyRequired") is True,
        route_response=bool(definition.all_in("routes", text(route, "routeId"), "routeresponses"))
        and route.get("routeResponseSelectionExpression") == "$default",
    )


def _request_model(definition: Definition, route: Resource) -> object:
    """The JSON Schema that messages of a route must pass; None without one (R-20).

    A model named `$default` counts; which other one is chosen by a ModelSelectionExpression is not emulated.
    """
    names = mapping(route, "requestModels")
    name = names.get("$default") or next(iter(names.values()), None)
    if name is None:
        return None
    schemas = [text(model, "schema") for model in definition.all_in("models") if model["name"] == name]
    try:
        return orjson.loads(schemas[0]) if schemas else f"the unknown model {name}"
    except orjson.JSONDecodeError:
        return f"the model {name} that is no JSON"


def _target(definition: Definition, route: Resource) -> Integration | None:
    integration_id = text(route, "target").removeprefix("integrations/")
    integration = definition.parts.get(("integrations", integration_id))
    if integration is None:
        return None
    return _integration(
        integration, definition.all_in("integrations", integration_id, "integrationresponses")
    )


def _integration(integration: Resource, responses: list[Resource]) -> Integration:
    kind, uri = text(integration, "integrationType"), text(integration, "integrationUri")
    match kind:
        case "AWS_PROXY" if found := _FUNCTION_IN_URI.search(uri):
            milliseconds = integration["timeoutInMillis"]
            assert isinstance(milliseconds, int)
            converts = integration.get("contentHandlingStrategy") == "CONVERT_TO_BINARY"
            return LambdaIntegration(found[1], min(milliseconds / 1000, INTEGRATION_TIMEOUT), converts)
        case "MOCK":
            return _mock(integration, responses)
    return UnsupportedIntegration(f"{kind} to {uri or None}")


def _mock(integration: Resource, responses: list[Resource]) -> Integration:
    """A mock whose templates are constants; one that computes (`$`, `#`) is not emulated."""
    request = _template(
        mapping(integration, "requestTemplates"), text(integration, "templateSelectionExpression")
    )
    body = _template(mapping(responses[0], "responseTemplates"), "") if responses else ""
    if _computes(request) or _computes(body) or len(responses) > 1:
        return UnsupportedIntegration("MOCK with templates that compute, or with several responses")
    try:
        status = orjson.loads(request or '{"statusCode": 200}')["statusCode"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return UnsupportedIntegration("MOCK with a request template that names no statusCode")
    return MockIntegration(int(status), body)


def _template(templates: Resource, selection_expression: str) -> str:
    """The template that a constant expression selects, else the default one, else the first."""
    every = _texts(templates)
    selected = selection_expression.replace("\\$", "$")
    return every.get(selected) or every.get("$default") or next(iter(every.values()), "")


def _computes(template: str) -> bool:
    return "$" in template or "#" in template


def _authorization(definition: Definition, route: Resource) -> Authorization:
    kind = text(route, "authorizationType")
    match kind:
        case "NONE":
            return "NONE"
        case "AWS_IAM":
            return "AWS_IAM"
        case "CUSTOM":
            return _authorizer(definition, text(route, "authorizerId"))
    return UnsupportedAuthorization(kind)


def _authorizer(definition: Definition, authorizer_id: str) -> Authorizer:
    """One that is gone still guards its route: no function answers for it, and the connect fails."""
    authorizer = definition.parts.get(("authorizers", authorizer_id), {})
    found = _FUNCTION_IN_URI.search(text(authorizer, "authorizerUri"))
    sources = authorizer.get("identitySource")
    return Authorizer(
        authorizer_id=authorizer_id,
        name=text(authorizer, "name"),
        function=found[1] if found else "",
        identity_sources=tuple(map(str, sources)) if isinstance(sources, list) else (),
    )


def _texts(values: Resource) -> Mapping[str, str]:
    return {name: str(value) for name, value in values.items()}
