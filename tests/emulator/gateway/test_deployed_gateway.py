"""What is deployed with boto3 is what the gateway does: custom domains, API keys, models, mocks, settings."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from harness.emulator.gateway.management_answers import Caller
from harness.emulator.iam.roles import Roles
from harness.emulator.lambda_runtime.function import CodeLocation, FunctionConfiguration
from harness.emulator.moto_services import MotoServices
from harness.emulator.wiring import Emulator
from tests.patience import WAIT

REGION = "us-east-1"
KEY = "a-key-of-twenty-letters"
UNKNOWN_ID = "H111mc0HywMCEEf="


@dataclass(frozen=True, slots=True)
class Deployed:
    """An emulator in this process, and clients of it."""

    emulator: Emulator
    endpoint: str

    async def aws(self, service: str, operation: str, **parameters: object) -> Any:
        """One call through boto3."""
        return await asyncio.to_thread(getattr(a_client(service, self.endpoint), operation), **parameters)

    async def api(self, **integration: object) -> str:
        """The id of a new API with the stage `prod` and one route, `$default`, two-way, with this integration."""
        created = await self.aws(
            "apigatewayv2",
            "create_api",
            Name="x",
            ProtocolType="WEBSOCKET",
            RouteSelectionExpression="$request.body.action",
        )
        api_id = str(created["ApiId"])
        await self.route(api_id, "$default", **integration)
        await self.aws("apigatewayv2", "create_stage", ApiId=api_id, StageName="prod", AutoDeploy=True)
        return api_id

    async def route(self, api_id: str, key: str, *, route: Any = None, **integration: Any) -> None:
        """A two-way route."""
        responses = integration.pop("response", None)
        target = await self.aws(
            "apigatewayv2",
            "create_integration",
            ApiId=api_id,
            **{"IntegrationType": "MOCK", **integration},
        )
        if responses is not None:
            await self.aws(
                "apigatewayv2",
                "create_integration_response",
                ApiId=api_id,
                IntegrationId=target["IntegrationId"],
                IntegrationResponseKey="$default",
                ResponseTemplates=responses,
            )
        created = await self.aws(
            "apigatewayv2",
            "create_route",
            ApiId=api_id,
            RouteKey=key,
            Target=f"integrations/{target['IntegrationId']}",
            RouteResponseSelectionExpression="$default",
            **(route or {}),
        )
        await self.aws(
            "apigatewayv2",
            "create_route_response",
            ApiId=api_id,
            RouteId=created["RouteId"],
            RouteResponseKey="$default",
        )

    @asynccontextmanager
    async def client(self, url: str, **options: Any) -> AsyncIterator[ClientConnection]:
        """A client of `ws://{host}/...` that really connects to the emulator."""
        parts = urlsplit(self.endpoint)
        options = {"host": parts.hostname, "port": parts.port, "proxy": None, "compression": None, **options}
        async with connect(url, **options) as client:
            yield client

    async def refusal(self, url: str, **options: Any) -> tuple[int, str]:
        """The status and the body of a handshake that is refused."""
        with pytest.raises(InvalidStatus) as caught:
            async with self.client(url, **options):
                raise AssertionError("accepted")
        return caught.value.response.status_code, bytes(caught.value.response.body or b"").decode()


@cache
def a_session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)


@cache
def a_client(service: str, url: str) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    return a_session().client(service, endpoint_url=url, config=config)  # type: ignore[call-overload]


@asynccontextmanager
async def an_emulator(**options: Any) -> AsyncIterator[Deployed]:
    async with Emulator(region=REGION, **options) as emulator:
        yield Deployed(emulator, await emulator.listen("127.0.0.1", 0))


def run(test: Any) -> None:
    asyncio.run(asyncio.wait_for(test, WAIT))


async def answer_to(client: ClientConnection, text: str) -> str:
    await client.send(text)
    return str(await asyncio.wait_for(client.recv(), WAIT))


STATIC: dict[str, object] = {
    "RequestTemplates": {"200": '{"statusCode": 200}'},
    "TemplateSelectionExpression": "200",
    "response": {"200": "hello"},
}


@pytest.mark.aws("U-3", "U-4", "U-8")
@pytest.mark.aws("U-5", assumed=True)
def test_custom_domain_maps_to_a_stage_and_takes_no_stage_in_its_paths() -> None:
    async def scenario() -> None:
        async with an_emulator() as deployed:
            api_id = await deployed.api(**STATIC)
            domain = "WS.example.test"
            await deployed.aws("apigatewayv2", "create_domain_name", DomainName=domain)
            for key in ("live", ""):
                await deployed.aws(
                    "apigatewayv2",
                    "create_api_mapping",
                    DomainName=domain,
                    ApiId=api_id,
                    Stage="prod",
                    ApiMappingKey=key,
                )
            for path in ("/live", "/live/", "/"):
                async with deployed.client(f"ws://ws.example.test{path}") as client:
                    assert await answer_to(client, "x") == "hello"
            assert await deployed.refusal("ws://ws.example.test/prod") == (
                404,
                '{"message":"No method found matching route prod for http method GET."}',
            )
            assert await deployed.refusal("ws://other.example.test/live") == (
                404,
                '{"message":"Not Found: no WebSocket API at this address"}',
            )

    run(scenario())


@pytest.mark.aws("U-3", "U-4")
def test_connections_of_a_custom_domain_have_no_stage() -> None:
    async def scenario() -> None:
        async with an_emulator() as deployed:
            api_id = await deployed.api()
            await deployed.aws("apigatewayv2", "create_domain_name", DomainName="localhost")
            mapping = {"DomainName": "localhost", "ApiId": api_id, "Stage": "prod", "ApiMappingKey": "live"}
            await deployed.aws("apigatewayv2", "create_api_mapping", **mapping)
            domain = f"http://localhost:{urlsplit(deployed.endpoint).port}"
            lost = f"No method found matching route prod/@connections/{UNKNOWN_ID} for http method POST."
            assert [
                await post_to_unknown(f"{domain}{path}") for path in ("/live", "/live/prod", "/prod")
            ] == [
                (410, "GoneException", ""),
                (404, "NotFoundException", lost),
                (404, "404", "Not Found"),
            ]

    run(scenario())


async def post_to_unknown(endpoint: str) -> tuple[int, str, str]:
    """The status, the code and the message of a post to a connection that is not there."""
    management = a_client("apigatewaymanagementapi", endpoint)
    with pytest.raises(management.exceptions.ClientError) as caught:
        await asyncio.to_thread(management.post_to_connection, ConnectionId=UNKNOWN_ID, Data=b"x")
    response: Any = caught.value.response
    error = response["Error"]
    return response["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error["Message"]


@pytest.mark.aws("A-12")
def test_api_keys_are_those_of_the_stages_usage_plans() -> None:
    async def scenario() -> None:
        async with an_emulator() as deployed:
            api_id = await deployed.api()
            await deployed.route(api_id, "$connect", route={"ApiKeyRequired": True})
            stage = {"apiId": api_id, "stage": "prod"}
            plan = await deployed.aws("apigateway", "create_usage_plan", name="p", apiStages=[stage])
            url = f"ws://{api_id}.execute-api.{REGION}.amazonaws.com/prod"
            named = {"additional_headers": {"x-api-key": KEY}}
            key = await deployed.aws("apigateway", "create_api_key", name="k", value=KEY, enabled=True)
            assert await deployed.refusal(url, **named) == (403, '{"message":"Forbidden"}')
            await deployed.aws(
                "apigateway",
                "create_usage_plan_key",
                usagePlanId=plan["id"],
                keyId=key["id"],
                keyType="API_KEY",
            )
            async with deployed.client(url, **named):
                pass
            switched_off = [{"op": "replace", "path": "/enabled", "value": "false"}]
            await deployed.aws("apigateway", "update_api_key", apiKey=key["id"], patchOperations=switched_off)
            assert await deployed.refusal(url, **named) == (403, '{"message":"Forbidden"}')

    run(scenario())


@pytest.mark.aws("R-20")
@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "object"}, '{"message" : "Bad request body"'),
        ({"oneOf": [{"type": "object"}]}, '{"message": "Internal server error"'),
    ],
    ids=["understood", "not understood, and so refused"],
)
def test_model_of_a_route_is_looked_at(schema: object, message: str) -> None:
    async def scenario() -> None:
        async with an_emulator() as deployed:
            api_id = await deployed.api()
            await deployed.aws(
                "apigatewayv2",
                "create_model",
                ApiId=api_id,
                Name="order",
                ContentType="application/json",
                Schema=json.dumps(schema),
            )
            models = {"RequestModels": {"$default": "order"}, "ModelSelectionExpression": "$default"}
            await deployed.route(api_id, "[1]", route=models)
            await deployed.aws(
                "apigatewayv2",
                "update_api",
                ApiId=api_id,
                RouteSelectionExpression="${request.body}",
            )
            async with deployed.client(f"ws://{api_id}.execute-api.{REGION}.amazonaws.com/prod") as client:
                assert (await answer_to(client, "[1]")).startswith(message)

    run(scenario())


@pytest.mark.parametrize(
    ("integration", "expected"),
    [
        (STATIC, "hello"),
        ({**STATIC, "response": {"200": "$input.body"}}, '{"message": "Internal server error"'),
        ({**STATIC, "RequestTemplates": {"200": "#set($x = 1)"}}, '{"message": "Internal server error"'),
        (
            {"IntegrationType": "HTTP", "IntegrationUri": "https://x.test"},
            '{"message": "Internal server error"',
        ),
    ],
    ids=["constants", "a response that computes", "a request that computes", "another integration"],
)
def test_mock_answers_with_its_constant_templates(integration: dict[str, object], expected: str) -> None:
    async def scenario() -> None:
        async with an_emulator() as deployed:
            api_id = await deployed.api(**integration)
            async with deployed.client(f"ws://{api_id}.execute-api.localhost/prod") as client:
                assert (await answer_to(client, "x")).startswith(expected)

    run(scenario())


def test_mock_of_connect_can_refuse() -> None:
    async def scenario() -> None:
        async with an_emulator() as deployed:
            api_id = await deployed.api()
            await deployed.route(api_id, "$connect", RequestTemplates={"$default": '{"statusCode": 401}'})
            assert (await deployed.refusal(f"ws://{api_id}.execute-api.localhost/prod"))[0] == 401

    run(scenario())


@pytest.mark.aws("U-6")
@pytest.mark.parametrize("stage", ["$default", "%24default"])
def test_stage_can_be_called_default(stage: str) -> None:
    async def scenario() -> None:
        async with an_emulator() as deployed:
            api_id = await deployed.api(**STATIC)
            await deployed.aws(
                "apigatewayv2", "create_stage", ApiId=api_id, StageName="$default", AutoDeploy=True
            )
            async with deployed.client(f"ws://{api_id}.execute-api.localhost/{stage}") as client:
                assert await answer_to(client, "x") == "hello"

    run(scenario())


@pytest.mark.aws("M-8", "M-13")
def test_emulator_verifies_signatures_when_it_knows_credentials() -> None:
    async def scenario() -> None:
        async with an_emulator(credentials={"test": "other"}) as deployed:
            api_id = await deployed.api()
            url = f"{deployed.endpoint}/_aws/execute-api/{api_id}/prod"
            management = a_client("apigatewaymanagementapi", url)
            with pytest.raises(management.exceptions.ClientError) as caught:
                await asyncio.to_thread(management.get_connection, ConnectionId=UNKNOWN_ID)
            assert caught.value.response["Error"]["Code"] == "InvalidSignatureException"

    run(scenario())


@pytest.mark.aws("Q-11")
def test_api_has_ten_stages_at_most() -> None:
    async def scenario() -> None:
        async with an_emulator() as deployed:
            api_id = await deployed.api()
            for number in range(9):
                await deployed.aws("apigatewayv2", "create_stage", ApiId=api_id, StageName=f"s{number}")
            with pytest.raises(ClientError, match="Maximum number of Stages for this API has been reached"):
                await deployed.aws("apigatewayv2", "create_stage", ApiId=api_id, StageName="one-more")

    run(scenario())


@pytest.mark.aws("M-12")
def test_role_that_iam_knows_is_held_to_its_policies() -> None:
    async def scenario() -> None:
        moto = MotoServices()
        roles, invoke = Roles(moto), {"Effect": "Allow", "Action": "execute-api:*", "Resource": "*"}
        function = FunctionConfiguration(
            "f", "arn", "python3.11", "a.b", CodeLocation("", "", 0), role="arn:x/known"
        )
        async with an_emulator() as deployed:
            assert roles.caller_of(function) is None
            await deployed.aws("iam", "create_role", RoleName="known", AssumeRolePolicyDocument="{}")
            await deployed.aws(
                "iam",
                "put_role_policy",
                RoleName="known",
                PolicyName="p",
                PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": invoke}),
            )
            await roles.read()
            moto.close()
            arn = "arn:aws:sts::000000000000:assumed-role/known/f"
            assert roles.caller_of(function) == Caller(arn, (invoke,))
            assert roles.caller_of(replace(function, role="arn:x/unknown")) is None

    run(scenario())
