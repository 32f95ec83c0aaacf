"""Deployments of a WebSocket API: the five operations of `apigatewayv2` on them, which moto lacks.

CDK and Terraform create a deployment for every stage without AutoDeploy. Here routes are live as soon as they are
created, so a deployment is only kept and listed: it is always DEPLOYED, and never a snapshot of the API.
"""

import re
import string
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import TypeAlias

import orjson

from harness.clock import Clock
from harness.emulator.aws_api.errors import aws_error
from harness.emulator.port.http import Request, Response, json_response

_PATH = re.compile(r"/v2/apis/(?P<api>[^/]+)/deployments(?:/(?P<deployment>[^/]+))?")

StagesOf: TypeAlias = Callable[[str, str], frozenset[str] | None]
"""The names of the stages of an API, by region and API id; None when there is no such API."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment; `created_at` is in seconds since the epoch."""

    deployment_id: str
    created_at: float
    description: str | None = None


class Deployments:
    """Keeps every API's deployments and answers the calls that read and write them.

    What is refused is a response, and changes nothing.
    """

    def __init__(self, *, stages_of: StagesOf, clock: Clock, random: Random) -> None:
        self._stages_of = stages_of
        self._clock = clock
        self._random = random
        self._kept: dict[tuple[str, str], dict[str, Deployment]] = {}

    def answer(self, request: Request, region: str) -> Response | None:
        """The answer to a Deployment operation; None for any other request."""
        match = _PATH.fullmatch(request.path)
        if match is None:
            return None
        api_id = match["api"]
        stages = self._stages_of(region, api_id)
        if stages is None:
            return _not_found(f"Invalid API identifier specified {api_id}")
        kept = self._kept.setdefault((region, api_id), {})
        if match["deployment"] is None:
            return self._collection(request, kept, stages)
        return _member(request, kept, match["deployment"])

    def _collection(
        self, request: Request, kept: dict[str, Deployment], stages: frozenset[str]
    ) -> Response | None:
        match request.method:
            case "GET":
                return _json(200, {"items": [_described(one) for one in kept.values()]})
            case "POST":
                return self._create(request, kept, stages)
        return None

    def _create(self, request: Request, kept: dict[str, Deployment], stages: frozenset[str]) -> Response:
        asked = _asked(request)
        if asked is None:
            return _bad_request()
        stage = asked.get("stageName")
        if stage is not None and stage not in stages:
            return _not_found("Invalid stage identifier specified")
        deployment = Deployment(self._new_id(), self._clock.time(), _text(asked.get("description")))
        kept[deployment.deployment_id] = deployment
        return _json(201, _described(deployment))

    def _new_id(self) -> str:
        return "".join(self._random.choices(string.ascii_lowercase + string.digits, k=6))


def _member(request: Request, kept: dict[str, Deployment], deployment_id: str) -> Response | None:
    deployment = kept.get(deployment_id)
    if deployment is None:
        return _not_found("Invalid Deployment identifier specified")
    match request.method:
        case "GET":
            return _json(200, _described(deployment))
        case "PATCH":
            asked = _asked(request)
            if asked is None:
                return _bad_request()
            kept[deployment_id] = replace(
                deployment, description=_text(asked.get("description", deployment.description))
            )
            return _json(200, _described(kept[deployment_id]))
        case "DELETE":
            del kept[deployment_id]
            return Response(204)
    return None


def _described(deployment: Deployment) -> dict[str, object]:
    created = datetime.fromtimestamp(int(deployment.created_at), UTC)
    described: dict[str, object] = {
        "autoDeployed": False,
        "createdDate": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "deploymentId": deployment.deployment_id,
        "deploymentStatus": "DEPLOYED",
    }
    return described | ({"description": deployment.description} if deployment.description else {})


def _asked(request: Request) -> dict[str, object] | None:
    try:
        asked = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError:
        return None
    return asked if isinstance(asked, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _json(status: int, body: object) -> Response:
    return json_response(status, orjson.dumps(body))


def _not_found(message: str) -> Response:
    return aws_error("apigateway", 404, "NotFoundException", message)


def _bad_request() -> Response:
    return aws_error("apigateway", 400, "BadRequestException", "The request body is not a JSON object")
