"""Operations on functions: created, described, listed, updated, deleted, and where their code comes from."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from random import Random
from typing import TypeAlias

from harness.clock import Clock
from harness.emulator.lambda_runtime import function_json
from harness.emulator.lambda_runtime.api_call import Answer, Call, json_answer
from harness.emulator.lambda_runtime.api_error import ApiError, not_implemented
from harness.emulator.lambda_runtime.called_function import called_function
from harness.emulator.lambda_runtime.code import (
    HOT_RELOAD_BUCKET,
    CodeError,
    code_from_folder,
    code_from_zip,
)
from harness.emulator.lambda_runtime.function import CodeLocation, FunctionConfiguration, parse_reference
from harness.emulator.lambda_runtime.identifiers import request_id
from harness.emulator.lambda_runtime.runtime import LambdaRuntime
from harness.emulator.port.http import Response

ReadObject: TypeAlias = Callable[[str, str, str | None], Awaitable[bytes | None]]
"""An S3 object's content by bucket, key and version; None when there is none."""

_PAGE = 50


class FunctionOperations:
    """Answers for the functions of `runtime`; code in S3 is read through `read_object`.

    A call that is refused (ApiError) has changed nothing. `on_delete` is told the name of a deleted function.
    """

    def __init__(
        self,
        runtime: LambdaRuntime,
        *,
        clock: Clock,
        random: Random,
        read_object: ReadObject | None,
        on_delete: Callable[[str], None],
    ) -> None:
        self._runtime, self._clock, self._random = runtime, clock, random
        self._read_object, self._on_delete = read_object, on_delete
        self.answers: Mapping[str, Answer] = {
            "CreateFunction": self._create_function,
            "DeleteFunction": self._delete_function,
            "GetFunction": self._get_function,
            "GetFunctionCodeSigningConfig": self._get_code_signing,
            "GetFunctionConfiguration": self._get_configuration,
            "GetFunctionRecursionConfig": self._get_recursion,
            "GetRuntimeManagementConfig": self._get_runtime_management,
            "ListFunctions": self._list_functions,
            "ListVersionsByFunction": self._list_versions,
            "UpdateFunctionCode": self._update_code,
            "UpdateFunctionConfiguration": self._update_configuration,
        }

    async def _create_function(self, call: Call) -> Response:
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
        return json_answer(201, function_json.format_configuration(function))

    def _get_function(self, call: Call) -> Response:
        return json_answer(200, function_json.format_function(called_function(call, self._runtime)))

    def _get_configuration(self, call: Call) -> Response:
        return json_answer(200, function_json.format_configuration(called_function(call, self._runtime)))

    def _list_functions(self, call: Call) -> Response:
        functions = self._runtime.functions()
        start, size = call.number("Marker", 0), min(call.number("MaxItems", _PAGE), _PAGE)
        page = functions[start : start + size]
        body: dict[str, object] = {"Functions": [function_json.format_configuration(each) for each in page]}
        if start + size < len(functions):
            body["NextMarker"] = str(start + size)
        return json_answer(200, body)

    def _list_versions(self, call: Call) -> Response:
        return json_answer(
            200, {"Versions": [function_json.format_configuration(called_function(call, self._runtime))]}
        )

    async def _update_code(self, call: Call) -> Response:
        body = call.body()
        _check_revision(called_function(call, self._runtime), body)
        if body.get("Publish"):
            raise not_implemented("Publish (a version besides $LATEST)")
        code = await self._code(body)
        function = called_function(call, self._runtime)
        changed = function_json.modified(
            replace(function, code=code), at=self._clock.time(), revision_id=request_id(self._random)
        )
        if not body.get("DryRun"):
            self._runtime.put_function(changed)
        return json_answer(200, function_json.format_configuration(changed))

    def _update_configuration(self, call: Call) -> Response:
        function, body = called_function(call, self._runtime), call.body()
        _check_revision(function, body)
        changed = function_json.changed_configuration(
            function, body, at=self._clock.time(), revision_id=request_id(self._random)
        )
        self._runtime.put_function(changed)
        return json_answer(200, function_json.format_configuration(changed))

    def _delete_function(self, call: Call) -> Response:
        function = called_function(call, self._runtime)
        self._runtime.delete_function(function.name)
        self._on_delete(function.name)
        return Response(204)

    # --- what infrastructure tools ask of every function ---------------------------------------------------

    def _get_code_signing(self, call: Call) -> Response:
        return json_answer(200, {"FunctionName": called_function(call, self._runtime).name})

    def _get_runtime_management(self, call: Call) -> Response:
        return json_answer(
            200, {"UpdateRuntimeOn": "Auto", "FunctionArn": called_function(call, self._runtime).arn}
        )

    def _get_recursion(self, call: Call) -> Response:
        called_function(call, self._runtime)
        return json_answer(200, {"RecursiveLoop": "Terminate"})

    # --- what operations need -----------------------------------------------------------------------------

    def _must_be_new(self, name: str) -> None:
        if self._runtime.function(name) is not None:
            raise ApiError("ResourceConflictException", f"Function already exist: {name}")

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


def _check_revision(function: FunctionConfiguration, body: Mapping[str, object]) -> None:
    if body.get("RevisionId", function.revision_id) != function.revision_id:
        message = (
            "The Revision Id provided does not match the latest Revision Id. "
            "Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
        )
        raise ApiError("PreconditionFailedException", message)


def _object(body: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = body.get(name)
    return value if isinstance(value, Mapping) else {}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ApiError("InvalidParameterValueException", "ZipFile is not base64") from error
