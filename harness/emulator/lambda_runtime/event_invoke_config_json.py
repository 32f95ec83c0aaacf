"""JSON of event invoke configs in Lambda's API: requests parsed and checked, configs formatted."""

import re
from collections.abc import Mapping
from dataclasses import replace

from harness.emulator.lambda_runtime.api_error import ApiError, not_implemented
from harness.emulator.lambda_runtime.event_invoke_config import EventInvokeConfig
from harness.json_values import JsonObject

_SETTINGS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
_DESTINATION = re.compile(r"arn:aws[a-z-]*:(?P<service>[a-z0-9-]+):[a-z0-9-]*:\d{0,12}:.+")


def changed_config(
    config: EventInvokeConfig, request: JsonObject, *, function_arn: str, at: float
) -> EventInvokeConfig:
    """The config after an UpdateFunctionEventInvokeConfig; what the request does not name stays (S-11).

    ApiError where Lambda refuses it; `at` is in seconds since the epoch. A put starts from an empty config.
    """
    if not any(request.get(name) is not None for name in _SETTINGS):
        raise ApiError(
            "InvalidParameterValueException",
            "You must specify at least one of error handling or destination setting.",
        )
    destinations = request.get("DestinationConfig")
    return replace(
        config,
        maximum_retry_attempts=_number(request, "MaximumRetryAttempts", config.maximum_retry_attempts, 0, 2),
        maximum_event_age=_number(request, "MaximumEventAgeInSeconds", config.maximum_event_age, 60, 21_600),
        on_success=_destination(destinations, "OnSuccess", config.on_success, function_arn),
        on_failure=_destination(destinations, "OnFailure", config.on_failure, function_arn),
        last_modified=at,
    )


def format_config(config: EventInvokeConfig, function_arn: str) -> dict[str, object]:
    """The config as GetFunctionEventInvokeConfig shows it; `function_arn` is qualified."""
    shown: dict[str, object] = {
        "LastModified": round(config.last_modified, 3),
        "FunctionArn": function_arn,
        "DestinationConfig": {
            "OnSuccess": {"Destination": config.on_success} if config.on_success else {},
            "OnFailure": {"Destination": config.on_failure} if config.on_failure else {},
        },
    }
    if config.maximum_retry_attempts is not None:
        shown["MaximumRetryAttempts"] = config.maximum_retry_attempts
    if config.maximum_event_age is not None:
        shown["MaximumEventAgeInSeconds"] = config.maximum_event_age
    return shown


def no_config(function_arn: str) -> ApiError:
    """404 for a function without an event invoke config."""
    return ApiError(
        "ResourceNotFoundException", f"The function {function_arn} doesn't have an EventInvokeConfig"
    )


def _number(request: JsonObject, name: str, present: int | None, least: int, most: int) -> int | None:
    value = request.get(name)
    if value is None:
        return present
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        message = f"Value '{value}' at '{name}' failed to satisfy constraint: {least} to {most}"
        raise ApiError("ValidationException", f"1 validation error detected: {message}")
    return value


def _destination(destinations: object, kind: str, present: str, function_arn: str) -> str:
    chosen = destinations.get(kind) if isinstance(destinations, Mapping) else None
    if not isinstance(chosen, Mapping):
        return present
    arn = str(chosen.get("Destination") or "")
    found = _DESTINATION.fullmatch(arn)
    if arn and found is None:
        raise ApiError("InvalidParameterValueException", f"The destination ARN {arn} is invalid.")
    if found is not None and found["service"] not in ("sqs", "sns", "lambda"):
        raise not_implemented(f"the destination {arn} of events")
    if arn in (function_arn, f"{function_arn}:$LATEST"):
        message = "You can't specify the function as a destination for itself."
        raise ApiError("InvalidParameterValueException", message)
    return arn
