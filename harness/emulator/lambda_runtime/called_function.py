"""Function that a call of Lambda's API names: looked up, or refused as not found."""

from harness.emulator.lambda_runtime.api_call import Call
from harness.emulator.lambda_runtime.api_error import function_not_found
from harness.emulator.lambda_runtime.function import FunctionConfiguration
from harness.emulator.lambda_runtime.runtime import LambdaRuntime


def called_function(call: Call, runtime: LambdaRuntime) -> FunctionConfiguration:
    """The function in the call's path; ApiError when there is none with the call's qualifier."""
    return _existing(call.parameters["FunctionName"], call.query("Qualifier"), runtime)


def tagged_function(call: Call, runtime: LambdaRuntime) -> FunctionConfiguration:
    """The function whose tags are asked for; ApiError when there is none."""
    return _existing(call.parameters["Resource"], None, runtime)


def _existing(name: str, qualifier: str | None, runtime: LambdaRuntime) -> FunctionConfiguration:
    reference = f"{name}:{qualifier}" if qualifier else name
    function = runtime.function(reference)
    if function is None:
        raise function_not_found(runtime.arn_of(reference))
    return function
