"""JSON of event source mappings, as Lambda's API has it: requests parsed and checked, mappings formatted.

Pure. Error texts and answers are those that were captured of AWS, as far as they are known.
"""

from collections.abc import Mapping
from dataclasses import replace

from harness.emulator.event_sources.mapping import (
    FOR_EVER,
    EventSourceMapping,
    State,
    StreamSettings,
)
from harness.emulator.lambda_runtime.api_error import ApiError, not_implemented
from harness.emulator.letters import service_of
from harness.emulator.matching.event_pattern import InvalidPattern, parse_pattern
from harness.json_values import JsonObject

_LARGEST_BATCH = 10_000
_WITHOUT_WINDOW = 10
_LONGEST_WINDOW = 300
_OLDEST = 604_800
_MOST_FILTERS = 10
_POSITIONS = ("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON")
_NOT_EMULATED = (
    "AmazonManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
    "KMSKeyArn",
    "LoggingConfig",
    "MetricsConfig",
    "ProvisionedPollerConfig",
    "Queues",
    "SelfManagedEventSource",
    "SelfManagedKafkaEventSourceConfig",
    "SourceAccessConfigurations",
    "Topics",
    "TumblingWindowInSeconds",
)


def new_mapping(
    request: JsonObject, *, uuid: str, arn: str, function_arn: str, at: float
) -> EventSourceMapping:
    """The mapping that a CreateEventSourceMapping describes; ApiError where Lambda refuses it.

    `at` is in seconds since the epoch. Whether source and function exist is not looked at.
    """
    source_arn = str(request.get("EventSourceArn") or "")
    service = service_of(source_arn)
    if not source_arn and not any(request.get(name) for name in _NOT_EMULATED):
        raise _invalid("Unrecognized event source.")
    if service not in ("sqs", "dynamodb"):
        raise not_implemented(f"an event source mapping of {source_arn or 'a cluster'}")
    mapping = EventSourceMapping(
        uuid,
        arn,
        source_arn,
        function_arn,
        batch_size=10 if service == "sqs" else 100,
        stream=_new_stream(request, source_arn) if service == "dynamodb" else None,
        tags=_tags(request),
    )
    if service == "sqs" and (request.get("StartingPosition") or request.get("StartingPositionTimestamp")):
        _position(request)
        raise _invalid("StartingPosition is not valid for SQS event sources.")
    return changed_mapping(mapping, request, at=at)


def changed_mapping(mapping: EventSourceMapping, request: JsonObject, *, at: float) -> EventSourceMapping:
    """The mapping after an UpdateEventSourceMapping; what the request does not name stays."""
    for name in _NOT_EMULATED:
        if request.get(name):
            raise not_implemented(f"{name} of an event source mapping")
    changed = replace(
        mapping,
        batch_size=_number(request, "BatchSize", mapping.batch_size, 1, _LARGEST_BATCH),
        batch_window=_number(
            request, "MaximumBatchingWindowInSeconds", mapping.batch_window, 0, _LONGEST_WINDOW
        ),
        filters=_filters(request, mapping.filters),
        report_item_failures=_reports(request, present=mapping.report_item_failures),
        stream=None if mapping.stream is None else _changed_stream(request, mapping.stream),
        maximum_concurrency=_maximum_concurrency(request, mapping),
        last_modified=at,
    )
    _check_queue(changed, request)
    return changed


def format_mapping(mapping: EventSourceMapping, state: State, last_result: str) -> dict[str, object]:
    """The mapping as the API shows it; `last_result` is how the last batch of a stream ended."""
    shown: dict[str, object] = {
        "UUID": mapping.uuid,
        "EventSourceMappingArn": mapping.arn,
        "BatchSize": mapping.batch_size,
        "MaximumBatchingWindowInSeconds": mapping.batch_window,
        "EventSourceArn": mapping.source_arn,
        "FunctionArn": mapping.function_arn,
        "FunctionResponseTypes": ["ReportBatchItemFailures"] if mapping.report_item_failures else [],
        "LastModified": round(mapping.last_modified, 3),
        "State": state.value,
        "StateTransitionReason": "USER_INITIATED" if mapping.stream is None else "User action",
    }
    if mapping.filters:
        shown["FilterCriteria"] = {"Filters": [{"Pattern": one} for one in mapping.filters]}
    if mapping.maximum_concurrency is not None:
        shown["ScalingConfig"] = {"MaximumConcurrency": mapping.maximum_concurrency}
    return shown if mapping.stream is None else shown | _format_stream(mapping.stream, last_result)


def no_mapping() -> ApiError:
    """404 for a UUID that no mapping has."""
    return ApiError("ResourceNotFoundException", "The resource you requested does not exist.")


def in_use(mapping: EventSourceMapping) -> ApiError:
    """400 for a mapping that is on its way from one state to another."""
    message = f"Cannot change the event source mapping {mapping.uuid} because it is in use."
    return ApiError("ResourceInUseException", message)


def already_there(mapping: EventSourceMapping) -> ApiError:
    """409 for a source and a function that are mapped already."""
    function = mapping.function_arn.rpartition(":")[2]
    return ApiError(
        "ResourceConflictException",
        f'The event source arn (" {mapping.source_arn} ") and function (" {function} ") provided mapping already '
        f"exists. Please update or delete the existing mapping with UUID {mapping.uuid}",
    )


def _format_stream(stream: StreamSettings, last_result: str) -> dict[str, object]:
    return {
        "StartingPosition": stream.starting_position,
        "ParallelizationFactor": stream.parallelization_factor,
        "MaximumRetryAttempts": stream.maximum_retry_attempts,
        "MaximumRecordAgeInSeconds": stream.maximum_record_age,
        "BisectBatchOnFunctionError": stream.bisect_on_error,
        "DestinationConfig": {"OnFailure": {"Destination": stream.on_failure} if stream.on_failure else {}},
        "TumblingWindowInSeconds": 0,
        "LastProcessingResult": last_result,
    }


# --- what a request asks for ----------------------------------------------------------------------------------


def _new_stream(request: JsonObject, source_arn: str) -> StreamSettings:
    position = _position(request)
    if position == "AT_TIMESTAMP":
        raise _invalid(f"Unsupported starting position for arn type: {source_arn}")
    if request.get("StartingPositionTimestamp") is not None:
        raise _invalid("Timestamp only valid with StartingPosition AT_TIMESTAMP")
    return StreamSettings(position)


def _position(request: JsonObject) -> str:
    position = request.get("StartingPosition")
    if position is None:
        raise _invalid(
            "1 validation error detected: Value null at 'startingPosition' is required for streams."
        )
    if position not in _POSITIONS:
        raise ApiError(
            "ValidationException",
            f"1 validation error detected: Value '{position}' at 'startingPosition' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(_POSITIONS)}]",
        )
    return str(position)


def _changed_stream(request: JsonObject, stream: StreamSettings) -> StreamSettings:
    retries = _number(request, "MaximumRetryAttempts", stream.maximum_retry_attempts, FOR_EVER, 10_000)
    age = _number(request, "MaximumRecordAgeInSeconds", stream.maximum_record_age, FOR_EVER, _OLDEST)
    if FOR_EVER < age < 60:
        raise _out_of_range("MaximumRecordAgeInSeconds", age, 60, _OLDEST)
    return replace(
        stream,
        parallelization_factor=_number(
            request, "ParallelizationFactor", stream.parallelization_factor, 1, 10
        ),
        maximum_retry_attempts=retries,
        maximum_record_age=age,
        bisect_on_error=bool(request.get("BisectBatchOnFunctionError", stream.bisect_on_error)),
        on_failure=_on_failure(request, stream.on_failure),
    )


def _on_failure(request: JsonObject, present: str) -> str:
    destination = _object(request, "DestinationConfig").get("OnFailure")
    if not isinstance(destination, Mapping):
        return present
    arn = str(destination.get("Destination") or "")
    if arn and service_of(arn) not in ("sqs", "sns"):
        raise not_implemented(f"the destination {arn} of an event source mapping")
    return arn


def _check_queue(mapping: EventSourceMapping, request: JsonObject) -> None:
    """What Lambda refuses for queues, and for what is none."""
    if mapping.stream is not None:
        if request.get("ScalingConfig"):
            raise _invalid("ScalingConfig is only supported for SQS event sources.")
        return
    for name in ("BisectBatchOnFunctionError", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts"):
        if request.get(name) is not None:
            raise _invalid(f"Unsupported {name} parameter for given event source mapping type.")
    if request.get("ParallelizationFactor") is not None or _object(request, "DestinationConfig"):
        raise _invalid("Unsupported parameter for given event source mapping type.")
    if mapping.is_fifo and mapping.batch_window:
        raise _invalid("Batching window is not supported for FIFO queues")
    if mapping.is_fifo and mapping.batch_size > _WITHOUT_WINDOW:
        raise _invalid(f"Batch size must be at most {_WITHOUT_WINDOW} for FIFO queues")
    if mapping.batch_size > _WITHOUT_WINDOW and not mapping.batch_window:
        raise _invalid(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )


def _maximum_concurrency(request: JsonObject, mapping: EventSourceMapping) -> int | None:
    """An empty ScalingConfig takes the bound away."""
    if not isinstance(request.get("ScalingConfig"), Mapping):
        return mapping.maximum_concurrency
    scaling = _object(request, "ScalingConfig")
    if scaling.get("MaximumConcurrency") is None:
        return None
    return _number(scaling, "MaximumConcurrency", 0, 2, 1000)


def _filters(request: JsonObject, present: tuple[str, ...]) -> tuple[str, ...]:
    criteria = request.get("FilterCriteria")
    if not isinstance(criteria, Mapping):
        return present
    filters = criteria.get("Filters")
    patterns = [str(one.get("Pattern", "")) for one in filters or () if isinstance(one, Mapping)]
    if len(patterns) > _MOST_FILTERS:
        raise _invalid(f"Maximum number of filters is {_MOST_FILTERS}")
    for pattern in patterns:
        try:
            parse_pattern(pattern)
        except InvalidPattern as error:
            raise _invalid("Invalid filter pattern definition.") from error
    return tuple(patterns)


def _reports(request: JsonObject, *, present: bool) -> bool:
    types = request.get("FunctionResponseTypes")
    if not isinstance(types, list):
        return present
    if any(one != "ReportBatchItemFailures" for one in types):
        raise ApiError(
            "ValidationException",
            f"1 validation error detected: Value '{types}' at 'functionResponseTypes' failed to satisfy constraint: "
            "Member must satisfy enum value set: [ReportBatchItemFailures]",
        )
    return bool(types)


def _tags(request: JsonObject) -> dict[str, str]:
    return {str(name): str(value) for name, value in _object(request, "Tags").items()}


def _number(request: JsonObject, name: str, present: int, least: int, most: int) -> int:
    value = request.get(name)
    if value is None:
        return present
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _out_of_range(name, value, least, most)
    return value


def _object(request: JsonObject, name: str) -> JsonObject:
    value = request.get(name)
    return value if isinstance(value, Mapping) else {}


def _out_of_range(name: str, value: object, least: int, most: int) -> ApiError:
    message = f"Value '{value}' at '{name}' failed to satisfy constraint: {least} to {most}"
    return ApiError("ValidationException", f"1 validation error detected: {message}")


def _invalid(message: str) -> ApiError:
    return ApiError("InvalidParameterValueException", message)
