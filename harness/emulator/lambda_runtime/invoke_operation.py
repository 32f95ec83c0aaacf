"""Invoke: a function invoked through Lambda's API, synchronously or as an event, and how its outcome is answered."""

import base64
import binascii
from collections.abc import Mapping

import orjson

from harness.emulator.lambda_runtime.api_call import Answer, Call
from harness.emulator.lambda_runtime.api_error import ApiError, function_not_found
from harness.emulator.lambda_runtime.called_function import called_function
from harness.emulator.lambda_runtime.function import FunctionConfiguration
from harness.emulator.lambda_runtime.outcome import (
    Cause,
    FunctionError,
    NoSuchFunction,
    Outcome,
    Returned,
    Throttled,
)
from harness.emulator.lambda_runtime.payloads import MAXIMUM_EVENT_SIZE, MAXIMUM_RESPONSE_SIZE
from harness.emulator.lambda_runtime.runtime import LambdaRuntime
from harness.emulator.port.http import MaybeLater, Response, json_response


class InvokeOperation:
    """Invokes the functions of `runtime`; a call that is refused (ApiError) has invoked nothing."""

    def __init__(self, runtime: LambdaRuntime) -> None:
        self._runtime = runtime
        self.answers: Mapping[str, Answer] = {"Invoke": self._invoke}

    def _invoke(self, call: Call) -> MaybeLater:
        function, payload = called_function(call, self._runtime), call.request.body or b"{}"
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

    async def _invoke_and_wait(self, call: Call, function: FunctionConfiguration, payload: bytes) -> Response:
        outcome = await self._runtime.invoke(
            function.name, payload, cause=Cause(caller=call.caller), client_context=_client_context(call)
        )
        with_log = call.request.headers.get("x-amz-log-type") == "Tail"
        return self._outcome_response(function, outcome, with_log=with_log)

    def _invoke_event(self, call: Call, function: FunctionConfiguration, payload: bytes) -> Response:
        queued = self._runtime.invoke_event(
            function.name, payload, cause=Cause(caller=call.caller), client_context=_client_context(call)
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


def _client_context(call: Call) -> str | None:
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
