"""API Gateway's control plane: moto keeps the APIs; deployments, usage plans and quotas are ours.

Codes such as Q-11 are rows of docs/aws-rows.csv.
"""

from harness.emulator.aws_api.requests import AwsCall
from harness.emulator.gateway.control_plane.api_endpoints import with_websocket_endpoints
from harness.emulator.gateway.control_plane.deployed_apis import DeployedApis, beyond_quota
from harness.emulator.gateway.control_plane.deployments import Deployments
from harness.emulator.gateway.control_plane.usage_plans import UsagePlans
from harness.emulator.moto_services import AsksMoto
from harness.emulator.port.http import Request, Response


class ControlPlaneApi:
    """Answers the calls of `apigateway`, and tells `apis` when they may have changed.

    What is refused is a response with API Gateway's name for the error.
    """

    def __init__(
        self, moto: AsksMoto, *, apis: DeployedApis, deployments: Deployments, usage_plans: UsagePlans
    ) -> None:
        self._moto, self._apis = moto, apis
        self._deployments, self._usage_plans = deployments, usage_plans

    async def answer(self, call: AwsCall, request: Request) -> Response:
        """The answer of whoever keeps what the call is about."""
        answered = self._deployments.answer(request, call.region) or beyond_quota(request, call.region)
        if answered is not None:
            return answered
        response = self._usage_plans.answer(request) or await self._moto.answer(call, request)
        if request.method != "GET":
            self._apis.changed()
        return with_websocket_endpoints(response)
