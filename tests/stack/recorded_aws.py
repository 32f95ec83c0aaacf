"""Recorded AWS: what `provision` asks of it, and what a test tells it to refuse."""

from collections.abc import Mapping
from typing import Any, cast

from botocore.exceptions import ClientError

from harness.stack.model import Stack
from harness.stack.provision import Deployment, provision

_ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "create_table": {"TableDescription": {"LatestStreamArn": "arn:stream"}},
    "create_topic": {"TopicArn": "arn:topic"},
    "create_api": {"ApiId": "a1"},
    "create_function": {"FunctionArn": "arn:function"},
    "create_integration": {"IntegrationId": "i1"},
    "create_route": {"RouteId": "r1"},
    "create_authorizer": {"AuthorizerId": "z1"},
    "list_event_buses": {"EventBuses": [{"Name": "default"}, {"Name": "markets-too"}]},
}


class RecordedAws:
    """Answers every operation and remembers it; refuses the one that `refusing` names."""

    def __init__(self, refusing: str = "", error: Exception | None = None) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._refusing = refusing
        self._error = error or ClientError(
            {"Error": {"Code": "LimitExceededException", "Message": "too many"}}, refusing
        )

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> Mapping[str, Any]:
            self.asked.append((operation, arguments))
            if operation == self._refusing:
                raise self._error
            return _answer(operation, arguments)

        return call

    def of(self, operation: str) -> list[dict[str, Any]]:
        """The arguments of each call of the operation."""
        return [arguments for asked, arguments in self.asked if asked == operation]


def _answer(operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    match operation:
        case "create_queue":
            return {"QueueUrl": f"http://sqs/{arguments['QueueName']}"}
        case "get_queue_attributes":
            return {"Attributes": {"QueueArn": f"arn:{arguments['QueueUrl'].rpartition('/')[2]}"}}
        case "put_rule":
            return {"RuleArn": f"arn:{arguments['Name']}"}
    return _ANSWERS.get(operation, {})


def deploy(aws: RecordedAws, stack: Stack) -> Deployment:
    return provision(
        stack,
        client=lambda service: cast(Any, aws),
        urls=lambda api_id, stage: {
            "url": f"ws://{api_id}/{stage}",
            "management_endpoint": f"http://{api_id}",
        },
        code=lambda function: {"ZipFile": b""},
    )
