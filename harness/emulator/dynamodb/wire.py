"""Wire protocol of DynamoDB, JSON 1.0: requests in, responses out, over an engine for each region."""

import zlib
from collections.abc import Mapping
from typing import Any

import orjson

from harness.chance import Chance
from harness.clock import Clock
from harness.emulator.aws_api.errors import not_emulated
from harness.emulator.aws_api.requests import AwsCall
from harness.emulator.dynamodb.database import Changed, nobody_watches
from harness.emulator.dynamodb.engine import OPERATIONS, STREAM_OPERATIONS, DynamoDb
from harness.emulator.dynamodb.errors import DynamoDbError, serialization, unknown_operation
from harness.emulator.dynamodb.request_shapes import is_operation
from harness.emulator.dynamodb.settings import DynamoDbSettings
from harness.emulator.port.http import Request, Response

CONTENT_TYPE = "application/x-amz-json-1.0"

_VALIDATION = "com.amazon.coral.validate#"
_CORAL = "com.amazon.coral.service#"
_SERVICE = "com.amazonaws.dynamodb.v20120810#"
_NAMESPACES: Mapping[str, str] = {
    "ValidationException": _VALIDATION,
    "SerializationException": _CORAL,
    "UnknownOperationException": _CORAL,
    "MissingAuthenticationTokenException": _CORAL,
    "ThrottlingException": _CORAL,
}
_TARGETS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "DynamoDB_20120810": ("dynamodb", OPERATIONS),
    "DynamoDBStreams_20120810": ("dynamodbstreams", STREAM_OPERATIONS),
}


class DynamoDbApi:
    """Answers requests for the services `dynamodb` and `dynamodbstreams`.

    What DynamoDB refuses is a response with its error in it; nothing is raised.
    """

    def __init__(
        self, *, account: str, clock: Clock, random: Chance, changed: Changed = nobody_watches
    ) -> None:
        self._account, self._clock, self._random, self._changed = account, clock, random, changed
        self._regions: dict[str, DynamoDb] = {}
        self._settings = DynamoDbSettings()

    def region(self, name: str) -> DynamoDb:
        """The engine of a region."""
        engine = self._regions.get(name)
        if engine is None:
            engine = self._regions[name] = DynamoDb(
                region=name,
                account=self._account,
                clock=self._clock,
                random=self._random,
                changed=self._changed,
            )
            engine.configure(self._settings)
        return engine

    @property
    def settings(self) -> DynamoDbSettings:
        """How every region behaves where AWS leaves that to luck."""
        return self._settings

    def configure(self, settings: DynamoDbSettings) -> None:
        """Makes every region behave so from now on."""
        self._settings = settings
        for engine in self._regions.values():
            engine.configure(settings)

    def answer(self, call: AwsCall, request: Request) -> Response:
        """The answer to a signed request; its caller is told with what it changes.

        501 with its name for an operation that AWS has and that is not emulated.
        """
        api, _, operation = request.headers.get("x-amz-target").partition(".")
        service, emulated = _TARGETS.get(api, ("dynamodb", {}))
        if operation not in emulated and is_operation(service, operation):
            return not_emulated(service, operation)
        try:
            if operation not in emulated:
                raise unknown_operation(operation or api)
            answer = self.region(call.region).handle(call.operation, _body(request.body), by=call.caller)
        except DynamoDbError as error:
            return self._error(error)
        return self._response(200, orjson.dumps(answer))

    def refuse_unsigned(self) -> Response:
        """The answer to a request without a signature."""
        return self._error(
            DynamoDbError(
                "MissingAuthenticationTokenException",
                "Request must contain either a valid (registered) AWS access key ID or X.509 certificate.",
            )
        )

    def _error(self, error: DynamoDbError) -> Response:
        namespace = _NAMESPACES.get(error.code, _SERVICE)
        member = "Message" if namespace == _CORAL else "message"
        body: dict[str, Any] = {"__type": namespace + error.code, member: error.message, **error.extra}
        return self._response(500 if error.code == "InternalServerError" else 400, orjson.dumps(body))

    def _response(self, status: int, body: bytes) -> Response:
        headers = (
            ("Content-Type", CONTENT_TYPE),
            ("x-amzn-RequestId", self._request_id()),
            ("x-amz-crc32", str(zlib.crc32(body))),
        )
        return Response(status, headers, body)

    def _request_id(self) -> str:
        """52 characters, as on AWS."""
        return f"{self._random.randint(0, (1 << 208) - 1):052X}"


def _body(content: bytes) -> Mapping[str, Any]:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise serialization("Unable to parse the request body as JSON") from error
    if not isinstance(body, dict):
        raise serialization("Start of structure or map expected")
    return body
