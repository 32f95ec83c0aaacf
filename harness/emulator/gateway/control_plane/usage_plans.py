"""API keys and usage plans, of API Gateway's first API, which moto lacks here: which keys may call a stage.

WebSocket APIs use them too (A-12): a key counts for a stage when it is enabled and belongs to a usage plan that names
the stage. A plan's throttle holds for each of its keys; its quota over days or weeks is kept and shown, and not held.
"""

import re
import string
from collections.abc import Mapping
from random import Random

import orjson

from harness.clock import Clock
from harness.emulator.aws_api.errors import aws_error
from harness.emulator.gateway.apis import Throttling
from harness.emulator.port.http import Request, Response, json_response

_PATH = re.compile(r"/(apikeys|usageplans)(?:/([^/]+))?(?:/(keys)(?:/([^/]+))?)?")
_SHORTEST_KEY, _LONGEST_KEY = 20, 128
_ALPHABET = string.ascii_letters + string.digits


class UsagePlans:
    """Keeps API keys and usage plans, and answers the calls that read and write them.

    What is refused is a response, and changes nothing; of a patch, what stands before the refused operation is done.
    """

    def __init__(self, *, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random
        self._keys: dict[str, dict[str, object]] = {}
        self._plans: dict[str, dict[str, object]] = {}
        self._members: dict[str, list[str]] = {}

    def api_keys(self, api_id: str, stage: str) -> Mapping[str, Throttling | None]:
        """The values of the keys that may call the stage, each with its plan's throttle."""
        return {
            str(self._keys[key_id]["value"]): _throttling(plan.get("throttle"))
            for plan_id, plan in self._plans.items()
            if _names(plan, api_id, stage)
            for key_id in self._members[plan_id]
            if key_id in self._keys and self._keys[key_id]["enabled"]
        }

    def answer(self, request: Request) -> Response | None:
        """The answer to an operation on keys and plans; None for any other request."""
        match = _PATH.fullmatch(request.path)
        if match is None:
            return None
        kind, name, members, member = match.groups()
        if members is not None:
            return self._of_members(request, name, member) if kind == "usageplans" else None
        return self._of_keys(request, name) if kind == "apikeys" else self._of_plans(request, name)

    def _of_keys(self, request: Request, key_id: str | None) -> Response | None:
        if key_id is not None:
            key = self._keys.get(key_id)
            if key is None:
                return _not_found("Invalid API Key identifier specified")
            return _of_one(request, self._keys, key_id, _shown(key, request))
        match request.method:
            case "POST":
                return self._create_key(_asked(request))
            case "GET":
                shown = [_shown(key, request) for key in self._keys.values()]
                return json_response(200, orjson.dumps({"item": shown}))
        return None

    def _of_plans(self, request: Request, plan_id: str | None) -> Response | None:
        if plan_id is not None:
            plan = self._plans.get(plan_id)
            if plan is None:
                return _not_found("Invalid Usage Plan ID specified")
            return _of_one(request, self._plans, plan_id, plan)
        match request.method:
            case "POST":
                return self._create_plan(_asked(request))
            case "GET":
                return json_response(200, orjson.dumps({"item": list(self._plans.values())}))
        return None

    def _of_members(self, request: Request, plan_id: str, key_id: str | None) -> Response | None:
        members = self._members.get(plan_id) if plan_id in self._plans else None
        if members is None:
            return _not_found("Invalid Usage Plan ID specified")
        match request.method, key_id:
            case "GET", None:
                shown = [self._member(each) for each in members if each in self._keys]
                return json_response(200, orjson.dumps({"item": shown}))
            case "POST", None:
                return self._add_member(members, str(_asked(request).get("keyId")))
            case "DELETE", str() if key_id in members:
                members.remove(key_id)
                return Response(202)
            case "GET", str() if key_id in members:
                return json_response(200, orjson.dumps(self._member(key_id)))
            case _, str():
                return _not_found("Invalid API Key identifier specified")
        return None

    def _add_member(self, members: list[str], key_id: str) -> Response:
        if key_id not in self._keys:
            return _not_found("Invalid API Key identifier specified")
        members.append(key_id)
        return json_response(201, orjson.dumps(self._member(key_id)))

    def _member(self, key_id: str) -> Mapping[str, object]:
        key = self._keys[key_id]
        return {"id": key_id, "type": "API_KEY", "name": key["name"], "value": key["value"]}

    def _create_key(self, asked: Mapping[str, object]) -> Response:
        value = str(asked.get("value") or self._new_id(40))
        if not _SHORTEST_KEY <= len(value) <= _LONGEST_KEY:
            return _bad_request("API Key value should be at least 20 characters and at most 128")
        if any(key["value"] == value for key in self._keys.values()):
            return aws_error("apigateway", 409, "ConflictException", "API Key already exists")
        now = int(self._clock.time())
        key: dict[str, object] = {
            "id": self._new_id(10),
            "value": value,
            "name": asked.get("name", ""),
            "enabled": asked.get("enabled", False),
            "createdDate": now,
            "lastUpdatedDate": now,
            "stageKeys": [],
        }
        self._keys[str(key["id"])] = key
        return json_response(201, orjson.dumps(key))

    def _create_plan(self, asked: Mapping[str, object]) -> Response:
        plan_id = self._new_id(6)
        plan: dict[str, object] = {"apiStages": [], **asked, "id": plan_id}
        self._plans[plan_id] = plan
        self._members[plan_id] = []
        return json_response(201, orjson.dumps(plan))

    def _new_id(self, length: int) -> str:
        return "".join(self._random.choices(_ALPHABET, k=length)).lower()


def _of_one(
    request: Request, kept: dict[str, dict[str, object]], name: str, shown: Mapping[str, object]
) -> Response | None:
    match request.method:
        case "GET":
            return json_response(200, orjson.dumps(shown))
        case "PATCH":
            return _patch(kept[name], _asked(request))
        case "DELETE":
            del kept[name]
            return Response(202)
    return None


def _names(plan: Mapping[str, object], api_id: str, stage: str) -> bool:
    stages = plan["apiStages"]
    return isinstance(stages, list) and any(
        isinstance(each, dict) and (each.get("apiId"), each.get("stage")) == (api_id, stage)
        for each in stages
    )


def _throttling(throttle: object) -> Throttling | None:
    match throttle:
        case {"rateLimit": int() | float() as rate, "burstLimit": int() as burst}:
            return Throttling(float(rate), burst)
    return None


def _shown(key: Mapping[str, object], request: Request) -> Mapping[str, object]:
    """A key, with its value only for who asks for it."""
    asked = dict(request.query_items())
    shows = "true" in (asked.get("includeValue", "").lower(), asked.get("includeValues", "").lower())
    return key if shows else {name: value for name, value in key.items() if name != "value"}


def _patch(kept: dict[str, object], asked: Mapping[str, object]) -> Response:
    """Patches a key's `enabled` and `name`, and a plan's `name` and stages."""
    operations = asked.get("patchOperations")
    for operation in operations if isinstance(operations, list) else []:
        match operation:
            case {"op": "replace", "path": "/enabled", "value": str(value)} if "enabled" in kept:
                kept["enabled"] = value.lower() == "true"
            case {"op": "replace", "path": "/name", "value": str(value)}:
                kept["name"] = value
            case {"op": "add" | "remove" as op, "path": "/apiStages", "value": str(value)} if (
                "apiStages" in kept
            ):
                kept["apiStages"] = _patched_stages(kept["apiStages"], op, value)
            case _:
                return _bad_request(f"Invalid patch operation specified: {orjson.dumps(operation).decode()}")
    return json_response(200, orjson.dumps(kept))


def _patched_stages(stages: object, operation: str, value: str) -> list[object]:
    api_id, _, stage = value.partition(":")
    named = {"apiId": api_id, "stage": stage}
    others = [each for each in stages if each != named] if isinstance(stages, list) else []
    return [*others, named] if operation == "add" else others


def _asked(request: Request) -> Mapping[str, object]:
    try:
        asked = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return asked if isinstance(asked, dict) else {}


def _not_found(message: str) -> Response:
    return aws_error("apigateway", 404, "NotFoundException", message)


def _bad_request(message: str) -> Response:
    return aws_error("apigateway", 400, "BadRequestException", message)
