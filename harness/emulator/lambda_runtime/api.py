"""Lambda's REST API: requests in, answers out; what it does is done by `runtime`.

Paths and operations are those of the SDK's service model. An operation that is not here is refused by name.
"""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import TypeAlias

import orjson

from harness.clock import Clock
from harness.emulator.aws_api.requests import AwsCall
from harness.emulator.lambda_runtime import event_invoke_config_json, function_json
from harness.emulator.lambda_runtime.api_error import ApiError, function_not_found, not_implemented
from harness.emulator.lambda_runtime.code import (
    HOT_RELOAD_BUCKET,
    CodeError,
    code_from_folder,
    code_from_zip,
)
from harness.emulator.lambda_runtime.concurrency import LEAST_UNRESERVED, unreserved
from harness.emulator.lambda_runtime.event_invoke_config import EventInvokeConfig
from harness.emulator.lambda_runtime.function import (
    LATEST,
    CodeLocation,
    FunctionConfiguration,
    parse_reference,
)
from harness.emulator.lambda_runtime.identifiers import request_id
from harness.emulator.lambda_runtime.operations import Operation, operation_of
from harness.emulator.lambda_runtime.outcome import (
    Cause,
    FunctionError,
    NoSuchFunction,
    Outcome,
    Returned,
    Throttled,
)
from harness.emulator.lambda_runtime.payloads import MAXIMUM_EVENT_SIZE, MAXIMUM_RESPONSE_SIZE
from harness.emulator.lambda_runtime.permissions import Statement, policy, statement
from harness.emulator.lambda_runtime.runtime import LambdaRuntime
from harness.emulator.port.http import MaybeLater, Request, Response, json_response

ReadObject: TypeAlias = Callable[[str, str, str | None], Awaitable[bytes | None]]
"""An S3 object's content by bucket, key and version; None when there is none."""

_PAGE = 50


@dataclass(frozen=True, slots=True)
class _Call:
    """A request to one operation; `parameters` are those of its path."""

    parameters: Mapping[str, str]
    request: Request

    def body(self) -> dict[str, object]:
        """The request's JSON object, empty for no body."""
        try:
            body = orjson.loads(self.request.body or b"{}")
        except orjson.JSONDecodeError as error:
            raise ApiError(
                "InvalidRequestContentException", f"Could not parse request body into json: {error}"
            ) from error
        if not isinstance(body, dict):
            raise ApiError("InvalidRequestContentException", "The request body is not a JSON object")
        return body

    def number(self, name: str, default: int) -> int:
        """A number from the query string."""
        text = self.query(name) or str(default)
        if not text.isdecimal():
            raise ApiError("InvalidParameterValueException", f"{name} is not a number: {text}")
        return int(text)

    def query(self, name: str) -> str | None:
        """The first value of this name in the query string."""
        return next((value for key, value in self.request.query_items() if key == name), None)


AnswerTo: TypeAlias = Callable[[Operation], Callable[[_Call], MaybeLater] | None]


class LambdaApi:
    """Answers Lambda's API for the functions of `runtime`; code in S3 is read through `read_object`."""

    def __init__(
        self,
        runtime: LambdaRuntime,
        *,
        clock: Clock,
        random: Random,
        read_object: ReadObject | None = None,
        answer_to: AnswerTo = lambda _: None,
    ) -> None:
        """`answer_to` is asked first: who answers for what is no function, as event source mappings are."""
        self._runtime, self._clock, self._random = runtime, clock, random
        self._read_object, self._answer_to = read_object, answer_to
        self._policies: dict[str, dict[str, Statement]] = {}
        self._operations: dict[str, Callable[[_Call], MaybeLater]] = {
            "AddPermission": self._add_permission,
            "CreateFunction": self._create_function,
            "DeleteFunction": self._delete_function,
            "DeleteFunctionConcurrency": self._delete_concurrency,
            "DeleteFunctionEventInvokeConfig": self._delete_event_invoke_config,
            "GetAccountSettings": self._get_account_settings,
            "GetFunction": self._get_function,
            "GetFunctionCodeSigningConfig": self._get_code_signing,
            "GetFunctionConcurrency": self._get_concurrency,
            "GetFunctionConfiguration": self._get_configuration,
            "GetFunctionEventInvokeConfig": self._get_event_invoke_config,
            "GetFunctionRecursionConfig": self._get_recursion,
            "GetPolicy": self._get_policy,
            "GetRuntimeManagementConfig": self._get_runtime_management,
            "Invoke": self._invoke,
            "ListFunctionEventInvokeConfigs": self._list_event_invoke_configs,
            "ListFunctions": self._list_functions,
            "ListTags": self._list_tags,
            "ListVersionsByFunction": self._list_versions,
            "PutFunctionConcurrency": self._put_concurrency,
            "PutFunctionEventInvokeConfig": self._put_event_invoke_config,
            "RemovePermission": self._remove_permission,
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "UpdateFunctionCode": self._update_code,
            "UpdateFunctionConfiguration": self._update_configuration,
            "UpdateFunctionEventInvokeConfig": self._update_event_invoke_config,
        }

    def answer(self, call: AwsCall, request: Request) -> MaybeLater:
        """The answer to a request for the service `lambda`."""
        operation = operation_of(request.method, request.path)
        if operation is None:
            return not_implemented(f"{request.method} {request.path}").response()
        answer = self._answer_to(operation) or self._operations.get(operation.name)
        if answer is None:
            return not_implemented(operation.name).response()
        try:
            answered = answer(_Call(operation.parameters, request))
        except ApiError as error:
            return error.response()
        return answered if isinstance(answered, Response) else _later(answered)

    # --- functions ----------------------------------------------------------------------------------------

    async def _create_function(self, call: _Call) -> Response:
        body = call.body()
        reference = parse_reference(str(body.get("FunctionName", "")))
        if reference is None:
            raise ApiError("ValidationException", "1 validation error detected: 'functionName' is not valid")
        self._must_be_new(reference.name)
        code = await self._code(_object(body, "Code"))
        self._must_be_new(reference.name)
        function = function_json.new_function(
            body,
            name=reference.name,
            arn=self._runtime.arn_of(reference.name),
            code=code,
            at=self._clock.time(),
            revision_id=request_id(self._random),
        )
        self._runtime.put_function(function)
        return _json(201, function_json.format_configuration(function))

    def _get_function(self, call: _Call) -> Response:
        return _json(200, function_json.format_function(self._function(call)))

    def _get_configuration(self, call: _Call) -> Response:
        return _json(200, function_json.format_configuration(self._function(call)))

    def _list_functions(self, call: _Call) -> Response:
        functions = self._runtime.functions()
        start, size = call.number("Marker", 0), min(call.number("MaxItems", _PAGE), _PAGE)
        page = functions[start : start + size]
        body: dict[str, object] = {"Functions": [function_json.format_configuration(each) for each in page]}
        if start + size < len(functions):
            body["NextMarker"] = str(start + size)
        return _json(200, body)

    def _list_versions(self, call: _Call) -> Response:
        return _json(200, {"Versions": [function_json.format_configuration(self._function(call))]})

    async def _update_code(self, call: _Call) -> Response:
        body = call.body()
        self._check_revision(self._function(call), body)
        if body.get("Publish"):
            raise not_implemented("Publish (a version besides $LATEST)")
        code = await self._code(body)
        function = self._function(call)
        changed = function_json.modified(
            replace(function, code=code), at=self._clock.time(), revision_id=request_id(self._random)
        )
        if not body.get("DryRun"):
            self._runtime.put_function(changed)
        return _json(200, function_json.format_configuration(changed))

    def _update_configuration(self, call: _Call) -> Response:
        function, body = self._function(call), call.body()
        self._check_revision(function, body)
        changed = function_json.changed_configuration(
            function, body, at=self._clock.time(), revision_id=request_id(self._random)
        )
        self._runtime.put_function(changed)
        return _json(200, function_json.format_configuration(changed))

    def _delete_function(self, call: _Call) -> Response:
        function = self._function(call)
        self._runtime.delete_function(function.name)
        self._policies.pop(function.name, None)
        return Response(204)

    # --- invocations --------------------------------------------------------------------------------------

    def _invoke(self, call: _Call) -> MaybeLater:
        function, payload = self._function(call), call.request.body or b"{}"
        kind = call.request.headers.get("x-amz-invocation-type", "RequestResponse")
        _check_payload(payload, kind)
        match kind:
            case "RequestResponse":
                return self._invoke_and_wait(call, function, payload)
            case "Event":
                return self._invoke_event(call, function, payload)
            case "DryRun":
                return Response(204)
        message = f"Value '{kind}' at 'invocationType' failed to satisfy constraint"
        raise ApiError("ValidationException", f"1 validation error detected: {message}")

    async def _invoke_and_wait(
        self, call: _Call, function: FunctionConfiguration, payload: bytes
    ) -> Response:
        outcome = await self._runtime.invoke(
            function.name, payload, cause=Cause(), client_context=_client_context(call)
        )
        with_log = call.request.headers.get("x-amz-log-type") == "Tail"
        return self._outcome_response(function, outcome, with_log=with_log)

    def _invoke_event(self, call: _Call, function: FunctionConfiguration, payload: bytes) -> Response:
        queued = self._runtime.invoke_event(
            function.name, payload, cause=Cause(), client_context=_client_context(call)
        )
        if isinstance(queued, NoSuchFunction):
            raise function_not_found(queued.function)
        return Response(202, (("x-amzn-RequestId", queued),))

    def _outcome_response(
        self, function: FunctionConfiguration, outcome: Outcome, *, with_log: bool
    ) -> Response:
        match outcome:
            case NoSuchFunction(arn):
                raise function_not_found(arn)
            case Throttled(reason):
                raise ApiError("TooManyRequestsException", "Rate Exceeded.", Reason=reason)
            case Returned(request, payload) | FunctionError(request, payload):
                headers = {"x-amzn-RequestId": request, "X-Amz-Executed-Version": function.version}
        if isinstance(outcome, FunctionError):
            headers["X-Amz-Function-Error"] = "Unhandled"
        if with_log:
            tail = self._runtime.log.tail(function.name, request)
            headers["X-Amz-Log-Result"] = base64.b64encode(tail).decode()
        return json_response(200, payload, headers)

    # --- permissions, concurrency, tags -------------------------------------------------------------------

    def _add_permission(self, call: _Call) -> Response:
        function, body = self._function(call), call.body()
        for name in ("StatementId", "Action", "Principal"):
            if not isinstance(body.get(name), str):
                raise ApiError("ValidationException", f"1 validation error detected: '{name}' is missing")
        statements = self._policies.setdefault(function.name, {})
        sid = str(body["StatementId"])
        if sid in statements:
            message = f"The statement id ({sid}) provided already exists. Please provide a new statement id."
            raise ApiError("ResourceConflictException", f"{message[:-1]}, or remove the existing statement.")
        statements[sid] = statement(body, function.arn)
        return _json(201, {"Statement": orjson.dumps(statements[sid]).decode()})

    def _remove_permission(self, call: _Call) -> Response:
        function, sid = self._function(call), call.parameters["StatementId"]
        if self._policies.get(function.name, {}).pop(sid, None) is None:
            raise ApiError("ResourceNotFoundException", f"Statement {sid} is not found in resource policy.")
        return Response(204)

    def _get_policy(self, call: _Call) -> Response:
        function = self._function(call)
        statements = self._policies.get(function.name)
        if not statements:
            raise ApiError("ResourceNotFoundException", "The resource you requested does not exist.")
        document = orjson.dumps(policy(statements)).decode()
        return _json(200, {"Policy": document, "RevisionId": function.revision_id})

    def _put_concurrency(self, call: _Call) -> Response:
        function, reserved = self._function(call), function_json.reserved_concurrency(call.body())
        if self._unreserved(besides=function.name) - reserved < LEAST_UNRESERVED:
            message = (
                "Specified ReservedConcurrentExecutions for function decreases account's "
                f"UnreservedConcurrentExecution below its minimum value of [{LEAST_UNRESERVED}]."
            )
            raise ApiError("InvalidParameterValueException", message)
        self._runtime.set_reserved_concurrency(function.name, reserved)
        return _json(200, {"ReservedConcurrentExecutions": reserved})

    def _get_concurrency(self, call: _Call) -> Response:
        reserved = self._function(call).reserved_concurrency
        return _json(200, {} if reserved is None else {"ReservedConcurrentExecutions": reserved})

    def _delete_concurrency(self, call: _Call) -> Response:
        self._runtime.set_reserved_concurrency(self._function(call).name, None)
        return Response(204)

    def _get_account_settings(self, _: _Call) -> Response:
        functions = self._runtime.functions()
        limit = {
            "TotalCodeSize": 80_530_636_800,
            "CodeSizeUnzipped": 262_144_000,
            "CodeSizeZipped": 52_428_800,
            "ConcurrentExecutions": self._runtime.account_concurrency,
            "UnreservedConcurrentExecutions": self._unreserved(),
        }
        size = sum(function.code.size for function in functions)
        usage = {"TotalCodeSize": size, "FunctionCount": len(functions)}
        return _json(200, {"AccountLimit": limit, "AccountUsage": usage})

    def _unreserved(self, *, besides: str = "") -> int:
        functions = self._runtime.functions()
        reserved = [one.reserved_concurrency for one in functions if one.name != besides]
        return unreserved(reserved, account=self._runtime.account_concurrency)

    def _list_tags(self, call: _Call) -> Response:
        return _json(200, {"Tags": dict(self._tagged(call).tags)})

    def _tag(self, call: _Call) -> Response:
        function = self._tagged(call)
        self._runtime.set_tags(function.name, {**function.tags, **function_json.tags_of(call.body())})
        return Response(204)

    def _untag(self, call: _Call) -> Response:
        function = self._tagged(call)
        gone = {value for name, value in call.request.query_items() if name == "tagKeys"}
        kept = {name: value for name, value in function.tags.items() if name not in gone}
        self._runtime.set_tags(function.name, kept)
        return Response(204)

    # --- how events are tried -----------------------------------------------------------------------------

    def _get_event_invoke_config(self, call: _Call) -> Response:
        function = self._function(call)
        return _event_invoke_config(function, _existing_config(function))

    def _put_event_invoke_config(self, call: _Call) -> Response:
        return self._change_event_invoke_config(call, EventInvokeConfig())

    def _update_event_invoke_config(self, call: _Call) -> Response:
        return self._change_event_invoke_config(call, _existing_config(self._function(call)))

    def _change_event_invoke_config(self, call: _Call, config: EventInvokeConfig) -> Response:
        function = self._function(call)
        changed = event_invoke_config_json.changed_config(
            config, call.body(), function_arn=function.arn, at=self._clock.time()
        )
        self._runtime.set_event_invoke_config(function.name, changed)
        return _event_invoke_config(function, changed)

    def _delete_event_invoke_config(self, call: _Call) -> Response:
        function = self._function(call)
        _existing_config(function)
        self._runtime.set_event_invoke_config(function.name, None)
        return Response(204)

    def _list_event_invoke_configs(self, call: _Call) -> Response:
        function = self._function(call)
        config = function.event_invoke_config
        shown = event_invoke_config_json.format_config
        configs = [] if config is None else [shown(config, _qualified(function))]
        return _json(200, {"FunctionEventInvokeConfigs": configs})

    # --- what infrastructure tools ask of every function ---------------------------------------------------

    def _get_code_signing(self, call: _Call) -> Response:
        return _json(200, {"FunctionName": self._function(call).name})

    def _get_runtime_management(self, call: _Call) -> Response:
        return _json(200, {"UpdateRuntimeOn": "Auto", "FunctionArn": self._function(call).arn})

    def _get_recursion(self, call: _Call) -> Response:
        self._function(call)
        return _json(200, {"RecursiveLoop": "Terminate"})

    # --- what operations need -----------------------------------------------------------------------------

    def _function(self, call: _Call) -> FunctionConfiguration:
        return self._existing(call.parameters["FunctionName"], call.query("Qualifier"))

    def _tagged(self, call: _Call) -> FunctionConfiguration:
        return self._existing(call.parameters["Resource"], None)

    def _existing(self, name: str, qualifier: str | None) -> FunctionConfiguration:
        reference = f"{name}:{qualifier}" if qualifier else name
        function = self._runtime.function(reference)
        if function is None:
            raise function_not_found(self._runtime.arn_of(reference))
        return function

    def _must_be_new(self, name: str) -> None:
        if self._runtime.function(name) is not None:
            raise ApiError("ResourceConflictException", f"Function already exist: {name}")

    def _check_revision(self, function: FunctionConfiguration, body: Mapping[str, object]) -> None:
        if body.get("RevisionId", function.revision_id) != function.revision_id:
            message = (
                "The Revision Id provided does not match the latest Revision Id. "
                "Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
            )
            raise ApiError("PreconditionFailedException", message)

    async def _code(self, source: Mapping[str, object]) -> CodeLocation:
        try:
            if source.get("S3Bucket") == HOT_RELOAD_BUCKET:
                return code_from_folder(str(source.get("S3Key", "")))
            content = await self._zip(source)
            return await asyncio.to_thread(code_from_zip, content, self._runtime.scratch)
        except CodeError as error:
            raise ApiError("InvalidParameterValueException", str(error)) from error

    async def _zip(self, source: Mapping[str, object]) -> bytes:
        if isinstance(source.get("ZipFile"), str):
            return _decoded(str(source["ZipFile"]))
        if "ImageUri" in source:
            raise not_implemented("ImageUri")
        bucket, key, version = source.get("S3Bucket"), source.get("S3Key"), source.get("S3ObjectVersion")
        if not isinstance(bucket, str) or not isinstance(key, str):
            raise ApiError("InvalidParameterValueException", "Please provide a source for function code.")
        if self._read_object is None:
            raise not_implemented("code from S3")
        content = await self._read_object(bucket, key, str(version) if version else None)
        if content is None:
            message = "Error occurred while GetObject. S3 Error Code: NoSuchKey."
            raise ApiError(
                "InvalidParameterValueException",
                f"{message} S3 Error Message: The specified key does not exist.",
            )
        return content


async def _later(answer: Awaitable[Response]) -> Response:
    try:
        return await answer
    except ApiError as error:
        return error.response()


def _json(status: int, body: object) -> Response:
    return json_response(status, orjson.dumps(body))


def _event_invoke_config(function: FunctionConfiguration, config: EventInvokeConfig) -> Response:
    return _json(200, event_invoke_config_json.format_config(config, _qualified(function)))


def _existing_config(function: FunctionConfiguration) -> EventInvokeConfig:
    if function.event_invoke_config is None:
        raise event_invoke_config_json.no_config(_qualified(function))
    return function.event_invoke_config


def _qualified(function: FunctionConfiguration) -> str:
    return f"{function.arn}:{LATEST}"


def _object(body: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = body.get(name)
    return value if isinstance(value, Mapping) else {}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ApiError("InvalidParameterValueException", "ZipFile is not base64") from error


def _client_context(call: _Call) -> str | None:
    encoded = call.request.headers.get("x-amz-client-context")
    if not encoded:
        return None
    try:
        return orjson.dumps(orjson.loads(base64.b64decode(encoded, validate=True))).decode()
    except (binascii.Error, orjson.JSONDecodeError) as error:
        raise ApiError("InvalidRequestContentException", "Client context must be a valid JSON") from error


def _check_payload(payload: bytes, kind: str) -> None:
    limit = MAXIMUM_EVENT_SIZE if kind == "Event" else MAXIMUM_RESPONSE_SIZE
    if len(payload) > limit:
        size = f"{len(payload)} byte payload is too large for the {kind} invocation type"
        raise ApiError("RequestEntityTooLargeException", f"{size} (limit {limit} bytes)")
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise ApiError(
            "InvalidRequestContentException", f"Could not parse request body into json: {error}"
        ) from error
