"""Operations on what is set for functions: permissions, concurrency, tags, and how events are tried."""

from collections.abc import Mapping

import orjson

from harness.clock import Clock
from harness.emulator.lambda_runtime import event_invoke_config_json, function_json
from harness.emulator.lambda_runtime.api_call import Answer, Call, json_answer
from harness.emulator.lambda_runtime.api_error import ApiError
from harness.emulator.lambda_runtime.called_function import called_function, tagged_function
from harness.emulator.lambda_runtime.concurrency import LEAST_UNRESERVED, unreserved
from harness.emulator.lambda_runtime.event_invoke_config import EventInvokeConfig
from harness.emulator.lambda_runtime.function import LATEST, FunctionConfiguration
from harness.emulator.lambda_runtime.permissions import Statement, policy, statement
from harness.emulator.lambda_runtime.runtime import LambdaRuntime
from harness.emulator.port.http import Response


class SettingOperations:
    """Answers for what is set for the functions of `runtime`, and keeps their resource-based policies.

    A call that is refused (ApiError) has changed nothing.
    """

    def __init__(self, runtime: LambdaRuntime, *, clock: Clock) -> None:
        self._runtime, self._clock = runtime, clock
        self._policies: dict[str, dict[str, Statement]] = {}
        self.answers: Mapping[str, Answer] = {
            "AddPermission": self._add_permission,
            "DeleteFunctionConcurrency": self._delete_concurrency,
            "DeleteFunctionEventInvokeConfig": self._delete_event_invoke_config,
            "GetAccountSettings": self._get_account_settings,
            "GetFunctionConcurrency": self._get_concurrency,
            "GetFunctionEventInvokeConfig": self._get_event_invoke_config,
            "GetPolicy": self._get_policy,
            "ListFunctionEventInvokeConfigs": self._list_event_invoke_configs,
            "ListTags": self._list_tags,
            "PutFunctionConcurrency": self._put_concurrency,
            "PutFunctionEventInvokeConfig": self._put_event_invoke_config,
            "RemovePermission": self._remove_permission,
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "UpdateFunctionEventInvokeConfig": self._update_event_invoke_config,
        }

    def forget(self, function: str) -> None:
        """The function of this name is deleted, and its policy with it."""
        self._policies.pop(function, None)

    # --- permissions --------------------------------------------------------------------------------------

    def _add_permission(self, call: Call) -> Response:
        function, body = called_function(call, self._runtime), call.body()
        for name in ("StatementId", "Action", "Principal"):
            if not isinstance(body.get(name), str):
                raise ApiError("ValidationException", f"1 validation error detected: '{name}' is missing")
        statements = self._policies.setdefault(function.name, {})
        sid = str(body["StatementId"])
        if sid in statements:
            message = f"The statement id ({sid}) provided already exists. Please provide a new statement id."
            raise ApiError("ResourceConflictException", f"{message[:-1]}, or remove the existing statement.")
        statements[sid] = statement(body, function.arn)
        return json_answer(201, {"Statement": orjson.dumps(statements[sid]).decode()})

    def _remove_permission(self, call: Call) -> Response:
        function, sid = called_function(call, self._runtime), call.parameters["StatementId"]
        if self._policies.get(function.name, {}).pop(sid, None) is None:
            raise ApiError("ResourceNotFoundException", f"Statement {sid} is not found in resource policy.")
        return Response(204)

    def _get_policy(self, call: Call) -> Response:
        function = called_function(call, self._runtime)
        statements = self._policies.get(function.name)
        if not statements:
            raise ApiError("ResourceNotFoundException", "The resource you requested does not exist.")
        document = orjson.dumps(policy(statements)).decode()
        return json_answer(200, {"Policy": document, "RevisionId": function.revision_id})

    # --- concurrency --------------------------------------------------------------------------------------

    def _put_concurrency(self, call: Call) -> Response:
        function, reserved = (
            called_function(call, self._runtime),
            function_json.reserved_concurrency(call.body()),
        )
        if self._unreserved(besides=function.name) - reserved < LEAST_UNRESERVED:
            message = (
                "Specified ReservedConcurrentExecutions for function decreases account's "
                f"UnreservedConcurrentExecution below its minimum value of [{LEAST_UNRESERVED}]."
            )
            raise ApiError("InvalidParameterValueException", message)
        self._runtime.set_reserved_concurrency(function.name, reserved)
        return json_answer(200, {"ReservedConcurrentExecutions": reserved})

    def _get_concurrency(self, call: Call) -> Response:
        reserved = called_function(call, self._runtime).reserved_concurrency
        return json_answer(200, {} if reserved is None else {"ReservedConcurrentExecutions": reserved})

    def _delete_concurrency(self, call: Call) -> Response:
        self._runtime.set_reserved_concurrency(called_function(call, self._runtime).name, None)
        return Response(204)

    def _get_account_settings(self, _: Call) -> Response:
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
        return json_answer(200, {"AccountLimit": limit, "AccountUsage": usage})

    def _unreserved(self, *, besides: str = "") -> int:
        functions = self._runtime.functions()
        reserved = [one.reserved_concurrency for one in functions if one.name != besides]
        return unreserved(reserved, account=self._runtime.account_concurrency)

    # --- tags ---------------------------------------------------------------------------------------------

    def _list_tags(self, call: Call) -> Response:
        return json_answer(200, {"Tags": dict(tagged_function(call, self._runtime).tags)})

    def _tag(self, call: Call) -> Response:
        function = tagged_function(call, self._runtime)
        self._runtime.set_tags(function.name, {**function.tags, **function_json.tags_of(call.body())})
        return Response(204)

    def _untag(self, call: Call) -> Response:
        function = tagged_function(call, self._runtime)
        gone = {value for name, value in call.request.query_items() if name == "tagKeys"}
        kept = {name: value for name, value in function.tags.items() if name not in gone}
        self._runtime.set_tags(function.name, kept)
        return Response(204)

    # --- how events are tried -----------------------------------------------------------------------------

    def _get_event_invoke_config(self, call: Call) -> Response:
        function = called_function(call, self._runtime)
        return _event_invoke_config(function, _existing_config(function))

    def _put_event_invoke_config(self, call: Call) -> Response:
        return self._change_event_invoke_config(call, EventInvokeConfig())

    def _update_event_invoke_config(self, call: Call) -> Response:
        return self._change_event_invoke_config(call, _existing_config(called_function(call, self._runtime)))

    def _change_event_invoke_config(self, call: Call, config: EventInvokeConfig) -> Response:
        function = called_function(call, self._runtime)
        changed = event_invoke_config_json.changed_config(
            config, call.body(), function_arn=function.arn, at=self._clock.time()
        )
        self._runtime.set_event_invoke_config(function.name, changed)
        return _event_invoke_config(function, changed)

    def _delete_event_invoke_config(self, call: Call) -> Response:
        function = called_function(call, self._runtime)
        _existing_config(function)
        self._runtime.set_event_invoke_config(function.name, None)
        return Response(204)

    def _list_event_invoke_configs(self, call: Call) -> Response:
        function = called_function(call, self._runtime)
        config = function.event_invoke_config
        shown = event_invoke_config_json.format_config
        configs = [] if config is None else [shown(config, _qualified(function))]
        return json_answer(200, {"FunctionEventInvokeConfigs": configs})


def _event_invoke_config(function: FunctionConfiguration, config: EventInvokeConfig) -> Response:
    return json_answer(200, event_invoke_config_json.format_config(config, _qualified(function)))


def _existing_config(function: FunctionConfiguration) -> EventInvokeConfig:
    if function.event_invoke_config is None:
        raise event_invoke_config_json.no_config(_qualified(function))
    return function.event_invoke_config


def _qualified(function: FunctionConfiguration) -> str:
    return f"{function.arn}:{LATEST}"
