"""Event source mappings of a template: which functions read which queues and table streams."""

from collections.abc import Collection, Mapping

from harness.stack.template.functions import function_of
from harness.stack.template.intrinsics import first_reference, shown
from harness.stack.template.queues import queue_of
from harness.stack.template.reading import Reading, Resource, list_of, mapping_of, number_or
from harness.stack.template.tables import stream_of
from harness.yaml_source import Location

MAPPING = "AWS::Lambda::EventSourceMapping"

_READ = ("Enabled", "EventSourceArn", "FilterCriteria", "FunctionName", "FunctionResponseTypes")
_WITHOUT_EFFECT = "KmsKeyArn LoggingConfig MetricsConfig Tags"
_QUEUE_FIELDS = {"batch_size": "BatchSize", "batch_window": "MaximumBatchingWindowInSeconds"}
_STREAM_FIELDS = {
    **_QUEUE_FIELDS,
    "starting_position": "StartingPosition",
    "parallelization_factor": "ParallelizationFactor",
    "maximum_retry_attempts": "MaximumRetryAttempts",
    "maximum_record_age": "MaximumRecordAgeInSeconds",
    "bisect_on_error": "BisectBatchOnFunctionError",
}
_FOR_EVER = "-1"
"""How Lambda writes a number of retries, or an age, that is never reached."""


def read_event_sources(reading: Reading, *, functions: Collection[str]) -> None:
    """Every event source mapping of a queue or a table's stream to a function."""
    for resource in reading.of_type(MAPPING):
        function = function_of(reading, reading.property(resource, "FunctionName"))
        source = reading.property(resource, "EventSourceArn")
        queue, table = queue_of(reading, source), stream_of(reading, source)
        if told := _left_out(reading, resource, source=bool(queue or table), function=function in functions):
            reading.notice(resource.location, told)
        elif queue is not None:
            _read_queue_source(reading, resource, ("functions", str(function), "queues"), queue)
        elif table is not None:
            _read_stream_source(reading, resource, ("functions", str(function), "streams"), table)


def _left_out(reading: Reading, resource: Resource, *, source: bool, function: bool) -> str:
    """Why a mapping is not read; "" when it is. `source` and `function`: whether these are deployed here."""
    if str(reading.property(resource, "Enabled")).lower() == "false":
        return "is disabled, so it is not deployed here"
    if not source:
        told = shown(str(reading.property(resource, "EventSourceArn")))
        return f"'{told}' is no queue and no table's stream that is deployed here, so no function reads it"
    if not function:
        told = shown(str(reading.property(resource, "FunctionName")))
        return f"'{told}' is no function that is deployed here, so it reads nothing"
    if (needed := first_reference(reading.property(resource, "FilterCriteria"))) is not None:
        return (
            f"its filters need {needed}, which is known only once it is deployed, so it is not deployed here"
        )
    return ""


def _read_queue_source(reading: Reading, resource: Resource, location: Location, queue: str) -> None:
    read = (*_READ, *_QUEUE_FIELDS.values(), "ScalingConfig")
    reading.notice_unread(resource, read=read, without_effect=_WITHOUT_EFFECT)
    found = {"queue": queue, **_fields(reading, resource, _QUEUE_FIELDS)}
    most = mapping_of(reading.property(resource, "ScalingConfig")).get("MaximumConcurrency")
    if most is not None:
        found["maximum_concurrency"] = number_or(most)
    _append(reading, resource, location, found, {**_QUEUE_FIELDS, "maximum_concurrency": "ScalingConfig"})


def _read_stream_source(reading: Reading, resource: Resource, location: Location, table: str) -> None:
    read = (*_READ, *_STREAM_FIELDS.values(), "DestinationConfig")
    reading.notice_unread(resource, read=read, without_effect=_WITHOUT_EFFECT)
    found = {"table": table, **_fields(reading, resource, _STREAM_FIELDS)}
    if "starting_position" not in found:
        reading.mistake(
            resource.location, "has no StartingPosition; a stream is read from TRIM_HORIZON or LATEST"
        )
    on_failure = mapping_of(mapping_of(reading.property(resource, "DestinationConfig")).get("OnFailure"))
    if (target := on_failure.get("Destination")) is not None:
        if (queue := queue_of(reading, target)) is not None:
            found["on_failure"] = queue
        else:
            place = resource.property_location("DestinationConfig")
            told = f"'{shown(str(target))}' is no queue that is deployed here"
            reading.notice(place, f"{told}, so it is not told what was given up")
    _append(reading, resource, location, found, {**_STREAM_FIELDS, "on_failure": "DestinationConfig"})


def _fields(reading: Reading, resource: Resource, names: Mapping[str, str]) -> dict[str, object]:
    """The fields that stand for properties of the resource, those that are there, and what all sources have."""
    values = {field: reading.property(resource, name) for field, name in names.items()}
    found = {
        field: number_or(value)
        for field, value in values.items()
        if value is not None and str(value) != _FOR_EVER
    }
    if "ReportBatchItemFailures" in list_of(reading.property(resource, "FunctionResponseTypes")):
        found["report_item_failures"] = True
    if filters := _filters(reading, resource):
        found["filters"] = filters
    return found


def _filters(reading: Reading, resource: Resource) -> list[object]:
    place = resource.property_location("FilterCriteria")
    filters = list_of(mapping_of(reading.property(resource, "FilterCriteria")).get("Filters"))
    return [reading.json(place, "Pattern", mapping_of(one).get("Pattern")) for one in filters]


def _append(
    reading: Reading, resource: Resource, location: Location, source: object, names: Mapping[str, str]
) -> None:
    added = reading.append(location, source, resource.location)
    for field, name in {**names, "filters": "FilterCriteria"}.items():
        reading.places[(*added, field)] = resource.property_location(name)
