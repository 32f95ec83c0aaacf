"""Errors of Lambda's API, by AWS's names, with the status and the body that the SDKs parse."""

import orjson

from harness.emulator.port.http import Response, json_response

_STATUS = {
    "InvalidParameterValueException": 400,
    "InvalidRequestContentException": 400,
    "ValidationException": 400,
    "ResourceInUseException": 400,
    "ResourceNotFoundException": 404,
    "ResourceConflictException": 409,
    "PreconditionFailedException": 412,
    "RequestEntityTooLargeException": 413,
    "TooManyRequestsException": 429,
    "NotImplementedException": 501,
}


class ApiError(Exception):
    """A refusal by Lambda's API; `code` is one of its exception names, `members` what else that one carries."""

    def __init__(self, code: str, message: str, **members: str) -> None:
        super().__init__(message)
        self.code, self.message, self.members = code, message, members

    def response(self) -> Response:
        """The refusal on the wire."""
        # The service model spells the member as "Message" in this one exception only.
        name = "Message" if self.code == "ResourceNotFoundException" else "message"
        body = {"Type": "User", name: self.message, **self.members}
        return json_response(_STATUS[self.code], orjson.dumps(body), {"x-amzn-ErrorType": self.code})


def not_implemented(what: str) -> ApiError:
    """501, by name: what is not emulated is never an empty success."""
    return ApiError(
        "NotImplementedException", f"lambda:{what} is not emulated by fanout-harness; nothing was done."
    )


def function_not_found(arn: str) -> ApiError:
    """404 for a function that is not there."""
    return ApiError("ResourceNotFoundException", f"Function not found: {arn}")
