"""Deployed APIs, as far as the gateway must know them: stages, routes, integrations, authorizers.

Plain values. Whoever keeps the control plane builds them anew after each change; the gateway asks for an API
by its id and stage at every request and never keeps one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NewType, TypeAlias

RouteKey = NewType("RouteKey", str)

CONNECT = RouteKey("$connect")
DISCONNECT = RouteKey("$disconnect")
DEFAULT = RouteKey("$default")

INTEGRATION_TIMEOUT = 29.0
"""Seconds: the default of every integration, and the most a WebSocket API can have (R-19)."""


@dataclass(frozen=True, slots=True)
class LambdaIntegration:
    """An `AWS_PROXY` integration.

    `function` is the function's name, ARN or qualified ARN, taken out of the integration URI;
    `${stageVariables.x}` in it is replaced at each invocation. `timeout` is in seconds, 0.05 to 29 (R-19).
    `converts_to_binary`: its ContentHandlingStrategy is CONVERT_TO_BINARY (Q-5).
    """

    function: str
    timeout: float = INTEGRATION_TIMEOUT
    converts_to_binary: bool = False


@dataclass(frozen=True, slots=True)
class MockIntegration:
    """A `MOCK` integration whose templates, if any, are constants: the status and the body of every answer."""

    status_code: int = 200
    body: str = ""


@dataclass(frozen=True, slots=True)
class UnsupportedIntegration:
    """An integration that the gateway does not emulate; `what` names it (`HTTP_PROXY to https://...`)."""

    what: str


Integration: TypeAlias = LambdaIntegration | MockIntegration | UnsupportedIntegration


@dataclass(frozen=True, slots=True)
class Authorizer:
    """A Lambda authorizer of type REQUEST (A-1).

    `function` is as in `LambdaIntegration`; `identity_sources` are AWS's expressions, such as
    `route.request.header.Auth` or `route.request.querystring.token` (A-2).
    """

    authorizer_id: str
    name: str
    function: str
    identity_sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnsupportedAuthorization:
    """An authorization that the gateway does not know, by name: it lets nobody in."""

    what: str


Authorization: TypeAlias = Literal["NONE", "AWS_IAM"] | Authorizer | UnsupportedAuthorization


@dataclass(frozen=True, slots=True)
class Route:
    """One route. `integration` is None for a route without a target.

    `route_response` says that the route is two-way: it has a RouteResponse and its
    `RouteResponseSelectionExpression` is `$default` (T-2). `request_model` is the schema that messages must have.
    """

    route_key: RouteKey
    integration: Integration | None = None
    authorization: Authorization = "NONE"
    api_key_required: bool = False
    route_response: bool = False
    request_model: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Throttling:
    """`ThrottlingRateLimit` (requests a second) and `ThrottlingBurstLimit` (requests) of a route (Q-9)."""

    rate_limit: float
    burst_limit: int


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage.

    `default_throttling` is that of DefaultRouteSettings and holds for each route alone; `route_throttling`
    holds what RouteSettings says for single routes instead. None: only the account's throttle holds. `api_keys`
    holds the values of the enabled API keys in the stage's usage plans, each with its plan's throttle.
    """

    name: str
    variables: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    default_throttling: Throttling | None = None
    route_throttling: Mapping[RouteKey, Throttling] = field(default_factory=lambda: MappingProxyType({}))
    api_keys: Mapping[str, Throttling | None] = field(default_factory=lambda: MappingProxyType({}))

    def throttling(self, route_key: RouteKey) -> Throttling | None:
        """The throttle of one route."""
        return self.route_throttling.get(route_key, self.default_throttling)


@dataclass(frozen=True, slots=True)
class Api:
    """One WebSocket API as it is deployed to its `stages`, which share what it says.

    `account` is the 12-digit account id, `region` such as `us-east-1`.
    """

    api_id: str
    name: str
    region: str
    account: str
    stages: Mapping[str, Stage]
    routes: Mapping[RouteKey, Route]
    route_selection_expression: str = "$request.body.action"
    api_key_selection_expression: str = "$request.header.x-api-key"


@dataclass(frozen=True, slots=True)
class ApiMapping:
    """What a mapping key of a custom domain stands for (U-3)."""

    api_id: str
    stage: str


CustomDomain: TypeAlias = Mapping[str, ApiMapping]
"""The API mappings of one custom domain by mapping key; "" is the key of the domain's root."""
