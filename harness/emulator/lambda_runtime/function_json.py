"""JSON of functions in Lambda's API: requests parsed and checked, configurations formatted."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from harness.emulator.lambda_runtime.api_error import ApiError, not_implemented
from harness.emulator.lambda_runtime.function import (
    CodeLocation,
    FunctionConfiguration,
    runtime_family,
)
from harness.emulator.lambda_runtime.node import node_problem
from harness.emulator.letters import service_of
from harness.json_values import JsonObject

_MOST_ENVIRONMENT_BYTES = 4096
_NOT_EMULATED = ("Layers", "FileSystemConfigs", "ImageConfig", "CapacityProviderConfig", "DurableConfig")


def new_function(
    request: JsonObject, *, name: str, arn: str, code: CodeLocation, at: float, revision_id: str
) -> FunctionConfiguration:
    """The function that a CreateFunction request describes; ApiError where Lambda refuses it.

    `at` is in seconds since the epoch.
    """
    function = FunctionConfiguration(
        name, arn, _text(request, "Runtime", ""), _text(request, "Handler", ""), code
    )
    if not function.runtime or not function.handler:
        raise ApiError(
            "InvalidParameterValueException", "Runtime and Handler are mandatory parameters for functions."
        )
    tags = _strings(request.get("Tags"), "Tags")
    architectures = request.get("Architectures")
    return replace(
        changed_configuration(function, request, at=at, revision_id=revision_id),
        tags=tags,
        architectures=tuple(map(str, architectures)) if isinstance(architectures, list) else ("x86_64",),
    )


def changed_configuration(
    function: FunctionConfiguration, request: JsonObject, *, at: float, revision_id: str
) -> FunctionConfiguration:
    """The function after an UpdateFunctionConfiguration; what the request does not name stays."""
    _refuse_what_is_not_emulated(request)
    changed = replace(
        function,
        runtime=_runtime(_text(request, "Runtime", function.runtime)),
        handler=_text(request, "Handler", function.handler),
        role=_text(request, "Role", function.role),
        description=_text(request, "Description", function.description),
        timeout=_number(request, "Timeout", function.timeout, 1, 900),
        memory_size=_number(request, "MemorySize", function.memory_size, 128, 10_240),
        environment=_environment(request, function.environment),
        ephemeral_storage=_number(
            _object(request, "EphemeralStorage"), "Size", function.ephemeral_storage, 512, 10_240
        ),
        tracing_mode=_text(_object(request, "TracingConfig"), "Mode", function.tracing_mode),
        dead_letter_target=_dead_letter_target(request, function.dead_letter_target),
    )
    return modified(changed, at=at, revision_id=revision_id)


def modified(function: FunctionConfiguration, *, at: float, revision_id: str) -> FunctionConfiguration:
    """The function with a new revision, of the time `at` in seconds since the epoch."""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return replace(function, last_modified=text.replace("+00:00", "+0000"), revision_id=revision_id)


def format_configuration(function: FunctionConfiguration) -> dict[str, object]:
    """The function as GetFunctionConfiguration shows it; active and up to date, so that waiters go on."""
    shown: dict[str, object] = {
        "FunctionName": function.name,
        "FunctionArn": function.arn,
        "Runtime": function.runtime,
        "Role": function.role,
        "Handler": function.handler,
        "CodeSize": function.code.size,
        "Description": function.description,
        "Timeout": function.timeout,
        "MemorySize": function.memory_size,
        "LastModified": function.last_modified,
        "CodeSha256": function.code.sha256,
        "Version": function.version,
        "TracingConfig": {"Mode": function.tracing_mode},
        "RevisionId": function.revision_id,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": list(function.architectures),
        "EphemeralStorage": {"Size": function.ephemeral_storage},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.name}"},
    }
    if function.environment:
        shown["Environment"] = {"Variables": dict(function.environment)}
    if function.dead_letter_target:
        shown["DeadLetterConfig"] = {"TargetArn": function.dead_letter_target}
    return shown


def format_function(function: FunctionConfiguration) -> dict[str, object]:
    """The function as GetFunction shows it."""
    shown: dict[str, object] = {
        "Configuration": format_configuration(function),
        "Code": {"RepositoryType": "S3", "Location": f"file://{function.code.folder}"},
    }
    if function.tags:
        shown["Tags"] = dict(function.tags)
    if function.reserved_concurrency is not None:
        shown["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved_concurrency}
    return shown


def reserved_concurrency(request: JsonObject) -> int:
    """The concurrency that a PutFunctionConcurrency request reserves."""
    return _number(request, "ReservedConcurrentExecutions", -1, 0, 2**31 - 1)


def tags_of(request: JsonObject) -> dict[str, str]:
    """The tags that a TagResource request adds."""
    return _strings(request.get("Tags"), "Tags")


def _runtime(runtime: str) -> str:
    match runtime_family(runtime):
        case "python":
            return runtime
        case "nodejs":
            problem = node_problem()
            if problem is None:
                return runtime
            message = f"The runtime {runtime} cannot run here: {problem}"
        case _:
            message = f"Value {runtime} at 'runtime' failed to satisfy constraint: not a runtime of Lambda"
    raise ApiError("InvalidParameterValueException", message)


def _refuse_what_is_not_emulated(request: JsonObject) -> None:
    for name in _NOT_EMULATED:
        if request.get(name):
            raise not_implemented(f"{name} of a function")
    if request.get("PackageType", "Zip") != "Zip":
        raise not_implemented("PackageType Image")
    if request.get("Publish"):
        raise not_implemented("Publish (a version besides $LATEST)")


def _dead_letter_target(request: JsonObject, present: str) -> str:
    target = _text(_object(request, "DeadLetterConfig"), "TargetArn", present)
    if target and service_of(target) not in ("sqs", "sns"):
        message = (
            f"Value '{target}' at 'deadLetterConfig.targetArn' is not the ARN of an SQS queue or SNS topic"
        )
        raise ApiError("ValidationException", f"1 validation error detected: {message}")
    return target


def _environment(request: JsonObject, present: Mapping[str, str]) -> Mapping[str, str]:
    if "Environment" not in request:
        return present
    variables = _strings(_object(request, "Environment").get("Variables"), "Environment.Variables")
    measured = json.dumps(variables, separators=(",", ":"))
    if len(measured.encode()) > _MOST_ENVIRONMENT_BYTES:
        message = (
            "Lambda was unable to configure your environment variables because the environment variables "
            f"you have provided exceeded the 4KB limit. String measured: {measured}"
        )
        raise ApiError("InvalidParameterValueException", message)
    return variables


def _object(request: JsonObject, name: str) -> JsonObject:
    value = request.get(name)
    return value if isinstance(value, Mapping) else {}


def _text(request: JsonObject, name: str, default: str) -> str:
    value = request.get(name)
    return value if isinstance(value, str) else default


def _number(request: JsonObject, name: str, default: int, least: int, most: int) -> int:
    value = request.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        message = f"Value '{value}' at '{name}' failed to satisfy constraint: {least} to {most}"
        raise ApiError("ValidationException", f"1 validation error detected: {message}")
    return value


def _strings(value: object, name: str) -> dict[str, str]:
    if value is None:
        return {}
    if isinstance(value, Mapping) and all(isinstance(text, str) for text in value.values()):
        return {str(key): str(text) for key, text in value.items()}
    raise ApiError("InvalidParameterValueException", f"{name} must be strings by name")
