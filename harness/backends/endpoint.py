"""Endpoint backend: everything is at an AWS-compatible endpoint, Lambda and all, and seen from outside only."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from harness.backends.backend import Seen, Traits
from harness.backends.capabilities import Full
from harness.backends.embedded import emulator_urls
from harness.backends.packing import packed
from harness.backends.probing import assert_answers, endpoint_client
from harness.errors import BackendError, DeploymentFailed

if TYPE_CHECKING:
    from botocore.client import BaseClient

    from harness.stack.model import Function

ACTIVE_TIMEOUT = 120
"""Seconds that a function may stay Pending."""

FROM_CONTAINERS = "localhost.localstack.cloud"
"""How a function inside a LocalStack finds it: on the machine itself, and in containers by LocalStack's own DNS."""


class EndpointBackend:
    """An endpoint to deploy everything to. It is not ours: it is neither started nor ended here.

    Both planes of an API are expected at `/_aws/execute-api/<api id>/<stage>`, as LocalStack has them.
    """

    def __init__(self, placement: Full, *, name: str, region: str) -> None:
        self.name = name
        self._placement, self._answers, self._region = placement, placement.answers, region

    @property
    def traits(self) -> Traits:
        where = self._answers.where
        # Without it a function's SDK would look for the real AWS. A LocalStack sees to that by itself.
        variables = {} if self._answers.is_localstack else {"AWS_ENDPOINT_URL": self.endpoint}
        return Traits(
            parts=self._placement.parts,
            hidden=f"{where} does not show its inside",
            lacks=dict.fromkeys(("gateway", "dynamodb", "sns"), f"{where} cannot be told how to behave"),
            shared=True,
            variables=variables,
        )

    @property
    def endpoint(self) -> str:
        return self._answers.url

    def client(self, service: str) -> "BaseClient":
        return endpoint_client(service, self.endpoint, self._region)

    def urls(self, api_id: str, stage: str) -> Mapping[str, str]:
        """`management_endpoint` is the functions' way to it."""
        urls = emulator_urls(self.endpoint, api_id, stage)
        if not self._answers.is_localstack:
            return urls
        host = urlsplit(self.endpoint).hostname or ""
        inside = urls["management_endpoint"].replace(host, FROM_CONTAINERS, 1)
        return {**urls, "management_endpoint": inside}

    def code(self, function: "Function") -> Mapping[str, object]:
        return {"ZipFile": packed(function.code, function.handler, function.runtime)}

    async def prewarm(self, function: str, environments: int) -> None:
        await asyncio.to_thread(self._wait_until_active, function)

    def _wait_until_active(self, function: str) -> None:
        waiter = self.client("lambda").get_waiter("function_active_v2")
        try:
            waiter.wait(FunctionName=function, WaiterConfig={"Delay": 1, "MaxAttempts": ACTIVE_TIMEOUT})
        except WaiterError as error:
            said: Any = error.last_response
            reason = said.get("Configuration", {}).get("StateReason") or error
            raise DeploymentFailed(f"function {function!r} does not start: {reason}") from error
        except (ClientError, BotoCoreError) as error:
            raise BackendError(f"function {function} cannot be looked at: {error}") from error

    async def set_gateway(self, configuration: Mapping[str, object]) -> None:
        return None

    async def set_dynamodb(self, configuration: Mapping[str, object]) -> None:
        return None

    async def set_sns(self, configuration: Mapping[str, object]) -> None:
        return None

    async def quiet(self, timeout: float) -> bool:
        return True

    async def end_left_over(self) -> None:
        return None

    async def forget_retries(self) -> Sequence[str]:
        return ()

    async def seen(self) -> Seen:
        await assert_answers(self.endpoint, self._answers.where)
        return Seen()
