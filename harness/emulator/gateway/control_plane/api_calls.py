"""Calls about one WebSocket API: which command or query a method and a path behind the API's mean, and its answer.

Pure: takes an API, and gives it as it is after the call, with the status and what is answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.emulator.gateway.control_plane import websocket_api as commands
from harness.emulator.gateway.control_plane.definition import Path, Resource, text
from harness.emulator.gateway.control_plane.websocket_api import Stamp, WebSocketApi

_PARTS = frozenset(
    ("routes", "integrations", "authorizers", "models", "routeresponses", "integrationresponses")
)


@dataclass(frozen=True, slots=True)
class Answered:
    """A call that was carried out: the API afterwards, and the answer; a list is one of `items`."""

    api: WebSocketApi
    status: int
    shown: Resource | Sequence[Resource] | None = None


def carry_out(api: WebSocketApi, method: str, path: Path, asked: Resource, stamp: Stamp) -> Answered | None:
    """Carries a call out; Refused where AWS refuses it, None for one that is not emulated.

    `path` is what stands behind `/v2/apis/{apiId}`, in segments, decoded.
    """
    match path:
        case ():
            return _of_the_api(api, method, asked, stamp)
        case ("deployments", *_):
            return _of_deployments(api, method, path, asked, stamp)
        case ("stages", *_):
            return _of_stages(api, method, path, asked, stamp)
        case (*_, kind) if kind in _PARTS and len(path) % 2:
            return _of_collection(api, method, path, asked, stamp)
        case (*_, kind, _) if kind in _PARTS:
            return _of_part(api, method, path, asked, stamp)
        case ("routes", _, "requestparameters", name) if method == "DELETE":
            return _without_request_parameter(api, path[:2], name, stamp)
    return None


def _of_the_api(api: WebSocketApi, method: str, asked: Resource, stamp: Stamp) -> Answered | None:
    match method:
        case "GET":
            return Answered(api, 200, api.definition.api)
        case "PATCH":
            updated = commands.update_api(api, asked, stamp)
            return Answered(updated, 200, updated.definition.api)
    return None


def _of_collection(
    api: WebSocketApi, method: str, path: Path, asked: Resource, stamp: Stamp
) -> Answered | None:
    match method:
        case "GET":
            if len(path) > 1:
                commands.part_at(api.definition, path[:-1])
            return Answered(api, 200, api.definition.all_in(*path))
        case "POST":
            created = commands.create_part(api, path, asked, stamp)
            return Answered(created, 201, created.definition.parts[*path, stamp.part_id])
    return None


def _of_part(api: WebSocketApi, method: str, path: Path, asked: Resource, stamp: Stamp) -> Answered | None:
    match method:
        case "GET":
            return Answered(api, 200, commands.part_at(api.definition, path))
        case "PATCH":
            updated = commands.update_part(api, path, asked, stamp)
            return Answered(updated, 200, updated.definition.parts[path])
        case "DELETE":
            return Answered(commands.delete_part(api, path, stamp), 204)
    return None


def _without_request_parameter(api: WebSocketApi, path: Path, name: str, stamp: Stamp) -> Answered:
    return Answered(commands.update_part(api, path, {"requestParameters": {name: ""}}, stamp), 204)


def _of_deployments(
    api: WebSocketApi, method: str, path: Path, asked: Resource, stamp: Stamp
) -> Answered | None:
    match method, path:
        case "GET", (_,):
            return Answered(api, 200, [one.shown for one in api.deployments.values()])
        case "POST", (_,):
            created = commands.create_deployment(api, asked, stamp)
            return Answered(created, 201, created.deployments[stamp.deployment_id].shown)
        case "GET", (_, deployment_id):
            return Answered(api, 200, commands.deployment_at(api, deployment_id).shown)
        case "PATCH", (_, deployment_id):
            updated = commands.update_deployment(api, deployment_id, asked)
            return Answered(updated, 200, updated.deployments[deployment_id].shown)
        case "DELETE", (_, deployment_id):
            return Answered(commands.delete_deployment(api, deployment_id), 204)
    return None


def _of_stages(api: WebSocketApi, method: str, path: Path, asked: Resource, stamp: Stamp) -> Answered | None:
    match method, path:
        case "GET", (_,):
            return Answered(api, 200, list(api.stages.values()))
        case "POST", (_,):
            created = commands.create_stage(api, asked, stamp)
            return Answered(created, 201, created.stages[text(asked, "stageName")])
        case "GET", (_, name):
            return Answered(api, 200, commands.stage_at(api, name))
        case "PATCH", (_, name):
            updated = commands.update_stage(api, name, asked, stamp)
            return Answered(updated, 200, updated.stages[name])
        case "DELETE", (_, name):
            return Answered(commands.delete_stage(api, name), 204)
        case "DELETE", (_, name, "accesslogsettings"):
            return Answered(commands.without_access_log(api, name, stamp), 204)
        case "DELETE", (_, name, "routesettings", route_key):
            return Answered(commands.without_route_settings(api, name, route_key, stamp), 204)
    return None
