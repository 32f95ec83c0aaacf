"""Authorizers: identity sources, the policies that authorizers return, API keys (A-1 to A-12)."""

import logging
from dataclasses import dataclass

import orjson

from harness.emulator.gateway.apis import Authorizer
from harness.emulator.gateway.integration_responses import (
    FORBIDDEN,
    INTERNAL_SERVER_ERROR,
    UNAUTHORIZED,
    Answer,
    Refuse,
)
from harness.emulator.gateway.lambda_events import AuthorizerContext, ConnectionFacts, Parameters, Variables
from harness.emulator.gateway.policies import allows, is_understood, statements_of
from harness.emulator.lambda_runtime.outcome import FunctionError, Returned

_log = logging.getLogger(__name__)

# Not recorded on AWS yet: what a larger result does; like any other that cannot be used.
_LARGEST_RESULT = 8192
_KEY_OF_CALLER = "$context.authorizer.usageIdentifierKey"
_KEY_IN_HEADER = "$request.header."
_INVOKE = "execute-api:Invoke"


@dataclass(frozen=True, slots=True)
class Allowed:
    """The authorizer lets the caller pass: its context, and the API key that it says is the caller's."""

    context: AuthorizerContext
    usage_identifier_key: str | None = None


def identity_sources_present(
    authorizer: Authorizer, facts: ConnectionFacts, parameters: Parameters, variables: Variables
) -> bool:
    """Whether the request has a value for each identity source; if not, it is 401 at once (A-2, A-5)."""
    return all(
        _identity_value(source, facts, parameters, variables) for source in authorizer.identity_sources
    )


def read_authorizer_answer(answer: Answer, method_arn: str) -> Allowed | Refuse:
    """The caller's context when the policy allows the connection, else the refusal (A-6 to A-8, A-10)."""
    match answer:
        case Returned(payload=payload) if len(payload) > _LARGEST_RESULT:
            _log.error("the authorizer's result has %d bytes, more than %d", len(payload), _LARGEST_RESULT)
            return Refuse(500, INTERNAL_SERVER_ERROR)
        case Returned(payload=payload):
            return _read_policy(orjson.loads(payload), method_arn)
        case FunctionError(payload=payload) if _error_message(payload) == "Unauthorized":
            return Refuse(401, UNAUTHORIZED)
        case _:
            _log.error("the authorizer failed: %s", answer)
            return Refuse(500, INTERNAL_SERVER_ERROR)


def api_key_of(expression: str, parameters: Parameters, usage_identifier_key: str | None) -> str | None:
    """The API key that a handshake brings, by the API's `ApiKeySelectionExpression` (A-12); None without one."""
    if expression == _KEY_OF_CALLER:
        return usage_identifier_key
    if expression.startswith(_KEY_IN_HEADER):
        return _header(parameters, expression.removeprefix(_KEY_IN_HEADER))
    _log.error("the API key selection expression %s is not one of AWS's two", expression)
    return None


def _identity_value(
    source: str, facts: ConnectionFacts, parameters: Parameters, variables: Variables
) -> str | None:
    kind, _, name = source.removeprefix("$").partition(".")
    match kind:
        case "route" if name.startswith("request.header."):
            return _header(parameters, name.removeprefix("request.header."))
        case "route" if name.startswith("request.querystring."):
            return parameters.query.get(name.removeprefix("request.querystring."), [""])[-1]
        case "stageVariables":
            return variables.get(name)
        case "context":
            return _context_value(name, facts)
        case _:
            return None


def _header(parameters: Parameters, name: str) -> str | None:
    wanted = name.lower()
    return next((every[-1] for each, every in parameters.headers.items() if each.lower() == wanted), None)


def _context_value(name: str, facts: ConnectionFacts) -> str | None:
    values = {
        "apiId": facts.api_id,
        "connectionId": facts.connection_id,
        "domainName": facts.domain_name,
        "eventType": "CONNECT",
        "identity.sourceIp": facts.source_ip,
        "identity.userAgent": facts.user_agent,
        "routeKey": "$connect",
        "stage": facts.stage,
    }
    return values.get(name)


def _error_message(payload: bytes) -> object:
    error: object = orjson.loads(payload)
    return error.get("errorMessage") if isinstance(error, dict) else None


def _read_policy(returned: object, method_arn: str) -> Allowed | Refuse:
    match returned:
        case {"principalId": str(principal), "policyDocument": {"Statement": _} as document, **rest}:
            context, statements = _context(rest.get("context")), statements_of(document)
            readable = [each for each in statements if isinstance(each, dict) and is_understood(each)]
            # A statement that is not understood is refused: ignoring it could let a stranger in.
            if context is not None and len(readable) == len(statements):
                key = rest.get("usageIdentifierKey")
                caller = Allowed({"principalId": principal, **context}, key if isinstance(key, str) else None)
                return caller if allows(readable, _INVOKE, method_arn) else Refuse(403, FORBIDDEN)
    _log.error("the authorizer's answer is not a policy that can be read: %s", returned)
    return Refuse(500, INTERNAL_SERVER_ERROR)


def _context(values: object) -> dict[str, str] | None:
    match values:
        case None:
            return {}
        case dict() if all(isinstance(value, str | int | float | None) for value in values.values()):
            return {name: _as_string(value) for name, value in values.items()}
        case _:
            return None


def _as_string(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
