"""Lambda's REST API: requests in, answers out; what it does is done by `runtime`.

Paths and operations are those of the SDK's service model. An operation that is not here is refused by name.
"""

from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import TypeAlias

from harness.clock import Clock
from harness.emulator.aws_api.requests import AwsCall
from harness.emulator.lambda_runtime.api_call import Answer, Call
from harness.emulator.lambda_runtime.api_error import ApiError, not_implemented
from harness.emulator.lambda_runtime.function_operations import FunctionOperations, ReadObject
from harness.emulator.lambda_runtime.invoke_operation import InvokeOperation
from harness.emulator.lambda_runtime.operations import Operation, operation_of
from harness.emulator.lambda_runtime.runtime import LambdaRuntime
from harness.emulator.lambda_runtime.setting_operations import SettingOperations
from harness.emulator.port.http import MaybeLater, Request, Response

AnswerTo: TypeAlias = Callable[[Operation], Answer | None]


class LambdaApi:
    """Answers Lambda's API for the functions of `runtime`; code in S3 is read through `read_object`.

    Takes requests, gives responses or what is awaited for one, and raises nothing of its own: what Lambda refuses is
    a response with AWS's error in it, and has changed nothing.
    """

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
        self._answer_to = answer_to
        settings = SettingOperations(runtime, clock=clock)
        functions = FunctionOperations(
            runtime, clock=clock, random=random, read_object=read_object, on_delete=settings.forget
        )
        self._answers: Mapping[str, Answer] = {
            **functions.answers,
            **InvokeOperation(runtime).answers,
            **settings.answers,
        }

    def answer(self, call: AwsCall, request: Request) -> MaybeLater:
        """The answer to a request for the service `lambda`; what Lambda refuses is an answer too."""
        operation = operation_of(request.method, request.path)
        if operation is None:
            return not_implemented(f"{request.method} {request.path}").response()
        answer = self._answer_to(operation) or self._answers.get(operation.name)
        if answer is None:
            return not_implemented(operation.name).response()
        try:
            answered = answer(Call(operation.parameters, request, call.caller))
        except ApiError as error:
            return error.response()
        return answered if isinstance(answered, Response) else _later(answered)


async def _later(answer: Awaitable[Response]) -> Response:
    try:
        return await answer
    except ApiError as error:
        return error.response()
