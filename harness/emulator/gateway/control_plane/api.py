"""API Gateway's control plane over HTTP: WebSocket APIs, custom domain names, API keys and usage plans.

HTTP APIs and REST APIs are moto's: the gateway serves none of them. Input is held against botocore's service model
first (G-8). Codes such as Q-11 are rows of docs/aws-rows.csv.
"""

import string
from collections.abc import Mapping, Sequence
from functools import cached_property
from random import Random
from typing import Any
from urllib.parse import unquote

import orjson

from harness.clock import Clock
from harness.emulator.aws_api.errors import aws_error, not_emulated
from harness.emulator.aws_api.requests import AwsCall
from harness.emulator.aws_api.service_model import RestCall, RestOperations, service_model
from harness.emulator.aws_api.timestamps import iso_seconds
from harness.emulator.aws_api.validation import as_one_message, known_members, mistakes
from harness.emulator.gateway.control_plane.definition import Path, Resource
from harness.emulator.gateway.control_plane.deployed_apis import DeployedApis
from harness.emulator.gateway.control_plane.refusals import Refused, bad_request, not_found
from harness.emulator.gateway.control_plane.usage_plans import UsagePlans
from harness.emulator.gateway.control_plane.websocket_api import Stamp
from harness.emulator.gateway.control_plane.websocket_apis import Answer, ApiCall, WebSocketApis
from harness.emulator.moto_services import AsksMoto, backend_of
from harness.emulator.port.http import MaybeLater, Request, Response, json_response

_ALPHABET = string.ascii_lowercase + string.digits


class ControlPlaneApi:
    """Answers the calls of `apigateway`.

    What is refused is a response with API Gateway's name for the error, and changes nothing.
    """

    def __init__(
        self,
        moto: AsksMoto,
        *,
        apis: WebSocketApis,
        deployed: DeployedApis,
        usage_plans: UsagePlans,
        clock: Clock,
        random: Random,
    ) -> None:
        """`deployed` is told when API keys may have changed; of APIs it hears from `apis`."""
        self._moto, self._apis, self._deployed, self._usage_plans = moto, apis, deployed, usage_plans
        self._clock, self._random = clock, random

    @cached_property
    def _operations(self) -> RestOperations:
        return RestOperations(service_model("apigatewayv2"))

    def answer(self, call: AwsCall, request: Request) -> MaybeLater:
        """The answer of whoever keeps what the call is about."""
        about_keys = self._usage_plans.answer(request)
        if about_keys is not None:
            self._deployed.changed()
            return about_keys
        path = _segments(request.path)
        found = self._operations.find(request) if path is not None else None
        if path is None or found is None:
            return self._moto.answer(call, request)
        if (request.method, path) == ("GET", ("apis",)):
            return self._get_apis(call, request)
        try:
            answer = self._answer(call, request, path, found)
        except Refused as refused:
            return aws_error("apigateway", refused.status, refused.code, refused.message)
        return self._moto.answer(call, request) if answer is None else answer

    def _answer(self, call: AwsCall, request: Request, path: Path, found: RestCall) -> Response | None:
        """The answer to a call about what is kept here; None for what moto keeps."""
        match path:
            case ("apis",) if request.method == "POST" and _names_websocket(request):
                return _response(self._apis.create(self._call(call, request, path, found)), request)
            case ("apis", api_id, *rest):
                api = self._apis.api(api_id)
                if api is not None and api.region == call.region:
                    asked = self._call(call, request, path, found)
                    return _carried_out(self._apis.about_api(api, asked), call, request)
                if rest[:1] == ["deployments"] and http_stages(call.region, api_id) is None:
                    raise not_found(f"Invalid API identifier specified {api_id}")  # moto has no deployments
            case ("domainnames", *_):
                asked = self._call(call, request, path, found)
                return _carried_out(self._apis.about_domains(asked), call, request)
            case ("tags", *arn):
                about = self._apis.about_tags(_path_in("/".join(arn)), self._call(call, request, path, found))
                return None if about is None else _response(about, request)
        return None

    def _call(self, call: AwsCall, request: Request, path: Path, found: RestCall) -> ApiCall:
        body = _body(request)
        wrong = mistakes(found.operation, {**body, **found.given})
        if wrong:
            # Not recorded on AWS yet: how API Gateway words what its model refuses; as AWS's framework does.
            raise bad_request(as_one_message(wrong))
        in_path = found.in_path
        given = {name: value for name, value in found.given.items() if name not in in_path}
        asked = {name: one for name, one in {**body, **given}.items() if name not in in_path}
        return ApiCall(
            call.region, request.method, path, known_members(found.operation, asked), self._stamp(path)
        )

    def _stamp(self, path: Path) -> Stamp:
        part_id = self._new_id(10 if path == ("apis",) else 7)
        return Stamp(part_id, self._new_id(6), iso_seconds(self._clock.time()))

    def _new_id(self, length: int) -> str:
        return "".join(self._random.choices(_ALPHABET, k=length))

    async def _get_apis(self, call: AwsCall, request: Request) -> Response:
        of_moto = orjson.loads((await self._moto.answer(call, request)).body)
        return _response((200, [*self._apis.in_region(call.region), *of_moto.get("items", [])]), request)


def http_stages(region: str, api_id: str) -> frozenset[str] | None:
    """The names of the stages of an HTTP API, which moto keeps; None when there is no such API."""
    backend: Any = backend_of("apigatewayv2", region)
    api = None if backend is None else backend.apis.get(api_id)
    return None if api is None else frozenset(api.stages)


def _segments(path: str) -> Path | None:
    """The segments of a path behind `/v2`, decoded; None for any other path."""
    version, _, rest = path[1:].partition("/")
    return tuple(unquote(one) for one in rest.split("/")) if version == "v2" else None


def _path_in(arn: str) -> Path:
    """The path in an ARN such as `arn:aws:apigateway:us-east-1::/apis/a1`."""
    return tuple(arn.partition("::/")[2].split("/"))


def _names_websocket(request: Request) -> bool:
    return _body(request).get("protocolType") == "WEBSOCKET"


def _body(request: Request) -> Mapping[str, object]:
    try:
        body = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise bad_request("The request body is not a JSON object")
    return body


def _carried_out(answer: Answer | None, call: AwsCall, request: Request) -> Response:
    if answer is None:
        return not_emulated(call.service, f"{request.method} {request.path}")
    return _response(answer, request)


def _response(answer: Answer, request: Request) -> Response:
    status, shown = answer
    if shown is None:
        return Response(status)
    body = shown if isinstance(shown, Mapping) else _page(shown, dict(request.query_items()))
    return json_response(status, orjson.dumps(body))


def _page(items: Sequence[Resource], query: Mapping[str, str]) -> Resource:
    """A page of a list: `maxResults` items from `nextToken` on, and the token of the page after it."""
    first, most = query.get("nextToken", "0"), query.get("maxResults", str(len(items) or 1))
    if not (first.isdecimal() and most.isdecimal() and int(most)):
        # Not recorded on AWS yet: the words for a page that cannot be.
        raise bad_request("Invalid value for maxResults or nextToken")
    end = int(first) + int(most)
    more = {"nextToken": str(end)} if end < len(items) else {}
    return {"items": list(items[int(first) : end]), **more}
