"""Deploying a stack through AWS's public API: the same boto3 calls for the emulator, LocalStack and AWS.

Order matters where one resource names another: tables, topics and queues, then the API (its id is in its URLs), then
the functions (their environment names all of these), then routes, subscriptions, event sources and rules, which name
the functions.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from harness.errors import BackendError
from harness.stack.event_provision import connect_events, create_queues
from harness.stack.link_file import link_file
from harness.stack.links import link_variables
from harness.stack.model import Authorizer, Function, Route, Stack, Subscription, Table, Topic, resolve
from harness.stack.removal import Made

if TYPE_CHECKING:
    from botocore.client import BaseClient

ROLE = "arn:aws:iam::000000000000:role/fanout-harness"


@dataclass(frozen=True, slots=True)
class Deployment:
    """What is deployed, by the names that `stack.yaml` gives: `outputs` holds every `${...}` reference."""

    url: str
    management_endpoint: str
    api_id: str
    outputs: Mapping[str, str]

    def topic_arn(self, name: str) -> str:
        """The ARN of a topic by its logical name."""
        return self.outputs[f"topics.{name}.arn"]

    def table_name(self, name: str) -> str:
        """The real name of a table by its logical name."""
        return self.outputs[f"tables.{name}.name"]


def provision(
    stack: Stack,
    *,
    client: Callable[[str], "BaseClient"],
    urls: Callable[[str, str], Mapping[str, str]],
    code: Callable[[Function], Mapping[str, object]],
    made: Callable[[Made], None] = lambda _: None,
) -> Deployment:
    """Creates everything in the stack; BackendError names the resource and what AWS said.

    `urls(api id, stage)` gives the API's addresses at this backend; `code(function)` the `Code` argument of
    CreateFunction; `made` is told of every call that succeeded, as soon as it has.
    """
    aws = _Provisioner(client, made)
    outputs = {"region": stack.region}
    for name, table in stack.tables.items():
        outputs[f"tables.{name}.name"] = table.name
        if (stream_arn := aws.table(table)) is not None:
            outputs[f"tables.{name}.stream_arn"] = stream_arn
    for name, topic in stack.topics.items():
        outputs[f"topics.{name}.name"] = topic.name
        outputs[f"topics.{name}.arn"] = aws.topic(topic)
    outputs |= create_queues(stack, aws.call)
    api_id = aws.api(stack.api.name, stack.api.route_selection_expression)
    addresses = urls(api_id, stack.api.stage)
    outputs |= {"api.id": api_id, "api.stage": stack.api.stage}
    outputs |= {f"api.{name}": address for name, address in addresses.items()}
    outputs |= {f"functions.{name}.name": stack.function_name(name) for name in stack.functions}
    for name, function in stack.functions.items():
        environment = {key: resolve(value, outputs) for key, value in function.environment.items()}
        environment = link_variables(stack, function, outputs, link_file) | environment
        outputs[f"functions.{name}.arn"] = aws.function(
            stack.function_name(name), function, environment, code(function)
        )
    _connect(stack, aws, api_id, outputs)
    return Deployment(addresses["url"], addresses["management_endpoint"], api_id, outputs)


def _connect(stack: Stack, aws: "_Provisioner", api_id: str, outputs: Mapping[str, str]) -> None:
    """Routes, then the stage, which makes them reachable; subscriptions, event sources and rules."""
    for route_key, route in stack.api.routes.items():
        aws.route(api_id, route_key, stack.region, route, outputs)
    aws.stage(api_id, stack.api.stage)
    if stack.api.api_keys:
        aws.usage_plan(stack.name, api_id, stack.api.stage, stack.api.api_keys)
    for name, function in stack.functions.items():
        for subscription in function.subscribed_to:
            topic_arn = outputs[f"topics.{subscription.topic}.arn"]
            aws.subscription(topic_arn, outputs[f"functions.{name}.arn"], subscription)
    connect_events(stack, aws.call, outputs)


class _Provisioner:
    """One method per resource; a refusal is translated here, once."""

    def __init__(self, client: Callable[[str], "BaseClient"], made: Callable[[Made], None]) -> None:
        self._client, self._made = client, made
        self._clients: dict[str, BaseClient] = {}

    def table(self, table: Table) -> str | None:
        """The ARN of its stream, None for a table without."""
        indexes = [
            {
                "IndexName": name,
                "KeySchema": _key_schema(index.hash_key, index.range_key),
                "Projection": {"ProjectionType": index.projection}
                | ({"NonKeyAttributes": list(index.include)} if index.include else {}),
            }
            for name, index in table.indexes.items()
        ]
        what = f"table {table.name}"
        stream = {"StreamEnabled": True, "StreamViewType": table.stream}
        created = self.call(
            what,
            "dynamodb",
            "create_table",
            TableName=table.name,
            KeySchema=_key_schema(table.hash_key, table.range_key),
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": table.types.get(name, "S")}
                for name in table.key_attributes()
            ],
            BillingMode="PAY_PER_REQUEST",
            **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
            **({"StreamSpecification": stream} if table.stream else {}),
        )
        if table.ttl:
            self.call(
                what,
                "dynamodb",
                "update_time_to_live",
                TableName=table.name,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": table.ttl},
            )
        return str(created["TableDescription"]["LatestStreamArn"]) if table.stream else None

    def topic(self, topic: Topic) -> str:
        size = topic.maximum_message_size
        asked = {} if size is None else {"Attributes": {"MaximumMessageSize": str(size)}}
        created = self.call(f"topic {topic.name}", "sns", "create_topic", Name=topic.name, **asked)
        return str(created["TopicArn"])

    def api(self, name: str, route_selection_expression: str) -> str:
        answer = self.call(
            f"api {name}",
            "apigatewayv2",
            "create_api",
            Name=name,
            ProtocolType="WEBSOCKET",
            RouteSelectionExpression=route_selection_expression,
        )
        return str(answer["ApiId"])

    def function(
        self, name: str, function: Function, environment: Mapping[str, str], code: Mapping[str, object]
    ) -> str:
        what = f"function {name}"
        answer = self.call(
            what,
            "lambda",
            "create_function",
            FunctionName=name,
            Runtime=function.runtime,
            Role=ROLE,
            Handler=function.handler,
            Code=code,
            Timeout=int(function.timeout),
            MemorySize=function.memory,
            Environment={"Variables": dict(environment)},
        )
        if function.reserved_concurrency is not None:
            self.call(
                what,
                "lambda",
                "put_function_concurrency",
                FunctionName=name,
                ReservedConcurrentExecutions=function.reserved_concurrency,
            )
        return str(answer["FunctionArn"])

    def route(
        self, api_id: str, route_key: str, region: str, route: Route, outputs: Mapping[str, str]
    ) -> None:
        what = f"route {route_key}"
        integration = self.call(
            what,
            "apigatewayv2",
            "create_integration",
            ApiId=api_id,
            IntegrationType="AWS_PROXY",
            IntegrationMethod="POST",
            IntegrationUri=_invocations(region, outputs[f"functions.{route.function}.arn"]),
        )
        asked: dict[str, object] = {"RouteResponseSelectionExpression": "$default"} if route.two_way else {}
        if route.authorization != "NONE":
            asked["AuthorizationType"] = route.authorization
        if route.authorizer is not None:
            uri = _invocations(region, outputs[f"functions.{route.authorizer.function}.arn"])
            asked |= self.authorizer(what, api_id, route.authorizer, uri)
        if route.api_key_required:
            asked["ApiKeyRequired"] = True
        created = self.call(
            what,
            "apigatewayv2",
            "create_route",
            ApiId=api_id,
            RouteKey=route_key,
            Target=f"integrations/{integration['IntegrationId']}",
            **asked,
        )
        if route.two_way:
            self.call(
                what,
                "apigatewayv2",
                "create_route_response",
                ApiId=api_id,
                RouteId=created["RouteId"],
                RouteResponseKey="$default",
            )

    def authorizer(self, what: str, api_id: str, authorizer: Authorizer, uri: str) -> Mapping[str, object]:
        """What its route asks for."""
        created = self.call(
            what,
            "apigatewayv2",
            "create_authorizer",
            ApiId=api_id,
            Name=authorizer.function,
            AuthorizerType="REQUEST",
            AuthorizerUri=uri,
            IdentitySource=list(authorizer.identity_sources),
        )
        return {"AuthorizationType": "CUSTOM", "AuthorizerId": created["AuthorizerId"]}

    def stage(self, api_id: str, name: str) -> None:
        self.call(
            f"stage {name}", "apigatewayv2", "create_stage", ApiId=api_id, StageName=name, AutoDeploy=True
        )

    def usage_plan(self, name: str, api_id: str, stage: str, keys: Iterable[str]) -> None:
        """API keys are kept by the first API of API Gateway, for WebSocket APIs too."""
        what = f"usage plan {name}"
        stages = [{"apiId": api_id, "stage": stage}]
        plan = self.call(what, "apigateway", "create_usage_plan", name=name, apiStages=stages)
        for number, value in enumerate(keys, start=1):
            key = self.call(
                what, "apigateway", "create_api_key", name=f"{name}-{number}", value=value, enabled=True
            )
            self.call(
                what,
                "apigateway",
                "create_usage_plan_key",
                usagePlanId=plan["id"],
                keyId=key["id"],
                keyType="API_KEY",
            )

    def subscription(self, topic_arn: str, function_arn: str, subscription: Subscription) -> None:
        asked: dict[str, object] = {}
        if subscription.filter_policy is not None:
            asked["Attributes"] = {
                "FilterPolicy": json.dumps(subscription.filter_policy),
                "FilterPolicyScope": subscription.filter_policy_scope,
            }
        self.call(
            f"subscription of {function_arn} to {topic_arn}",
            "sns",
            "subscribe",
            TopicArn=topic_arn,
            Protocol="lambda",
            Endpoint=function_arn,
            **asked,
        )

    def call(self, what: str, service: str, operation: str, **arguments: object) -> Mapping[str, Any]:
        client = self._clients.get(service) or self._clients.setdefault(service, self._client(service))
        try:
            answer: Mapping[str, Any] = getattr(client, operation)(**arguments)
        except (ClientError, BotoCoreError) as error:
            raise BackendError(f"{what} cannot be deployed: {error}") from error
        self._made(Made(what, service, operation, arguments, answer))
        return answer


def _invocations(region: str, function_arn: str) -> str:
    """The URI by which API Gateway invokes a function."""
    return f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function_arn}/invocations"


def _key_schema(hash_key: str, range_key: str | None) -> list[dict[str, str]]:
    keys = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    return keys + ([{"AttributeName": range_key, "KeyType": "RANGE"}] if range_key else [])
