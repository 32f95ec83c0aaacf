"""WebSocket API in the control plane: its definition, its deployments and its stages, and what commands make of them.

Pure. A command takes an API and what is asked, and gives the API as it is then; Refused leaves it as it was. A
deployment keeps the definition that it was made from, so what is changed later counts only after the next one (G-2);
a stage with AutoDeploy gets a new one with every change.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from harness.emulator.gateway.control_plane.definition import Definition, Path, Resource, mapping, text
from harness.emulator.gateway.control_plane.refusals import (
    bad_request,
    check_api,
    check_number,
    check_part,
    check_protocol,
    check_stage,
    check_unused,
    conflict,
    not_found,
)

_IDS: Mapping[str, str] = {
    "routes": "routeId",
    "integrations": "integrationId",
    "authorizers": "authorizerId",
    "models": "modelId",
    "routeresponses": "routeResponseId",
    "integrationresponses": "integrationResponseId",
}
_DEFAULTS: Mapping[str, Resource] = {
    "routes": {"apiKeyRequired": False, "authorizationType": "NONE"},
    "integrations": {"connectionType": "INTERNET", "payloadFormatVersion": "1.0", "timeoutInMillis": 29_000},
    "models": {"contentType": "application/json"},
}
_NAMES: Mapping[str, str] = {
    "routeresponses": "RouteResponse",
    "integrationresponses": "IntegrationResponse",
}
_MERGED = ("stageVariables", "routeSettings", "requestParameters")
"""Maps that an update adds to: an entry goes when its value is empty (G-17)."""
_DEFAULT_ROUTE_SETTINGS: Resource = {
    "dataTraceEnabled": False,
    "detailedMetricsEnabled": False,
    "loggingLevel": "OFF",
}


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a command needs from outside: fresh ids, and the time as AWS writes it."""

    part_id: str
    deployment_id: str
    at: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment as it is shown, and the definition that it is a snapshot of."""

    shown: Resource
    definition: Definition


@dataclass(frozen=True, slots=True)
class WebSocketApi:
    """One API; deployments by id, stages by name, in the order in which they were made."""

    region: str
    definition: Definition
    deployments: Mapping[str, Deployment] = field(default_factory=dict)
    stages: Mapping[str, Resource] = field(default_factory=dict)

    @property
    def api_id(self) -> str:
        return text(self.definition.api, "apiId")

    def deployed_to(self, stage: str) -> Definition | None:
        """What a stage serves; None for one that nothing was deployed to (G-1), or that is not there."""
        deployment = self.deployments.get(text(self.stages.get(stage, {}), "deploymentId"))
        return None if deployment is None else deployment.definition


# --- the API itself ---------------------------------------------------------------------------------------


def new_api(region: str, asked: Resource, stamp: Stamp) -> WebSocketApi:
    """A new API."""
    check_protocol("apis", asked)
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    api: Resource = {
        "apiKeySelectionExpression": "$request.header.x-api-key",
        "disableExecuteApiEndpoint": False,
        "ipAddressType": "ipv4",
        "tags": {},
        **asked,
        "apiId": stamp.part_id,
        "apiEndpoint": f"wss://{stamp.part_id}.execute-api.{region}.{suffix}",  # U-1
        "createdDate": stamp.at,
    }
    check_api(api)
    return WebSocketApi(region, Definition(api))


def update_api(api: WebSocketApi, asked: Resource, stamp: Stamp) -> WebSocketApi:
    """The API with other settings."""
    check_protocol("apis", asked)
    settings = _updated(api.definition.api, asked)
    check_api(settings)
    return _with_definition(api, replace(api.definition, api=settings), stamp)


# --- routes, integrations, authorizers, models, responses -------------------------------------------------


def create_part(api: WebSocketApi, collection: Path, asked: Resource, stamp: Stamp) -> WebSocketApi:
    """The API with one more part in a collection, whose id is the stamp's."""
    kind, definition = collection[-1], api.definition
    if len(collection) > 1:
        part_at(definition, collection[:-1])
    check_number(kind, len(definition.all_in(*collection)))
    check_protocol(kind, asked)
    part = {**_DEFAULTS.get(kind, {}), **_derived(kind, asked), **asked, _IDS[kind]: stamp.part_id}
    path = (*collection, stamp.part_id)
    check_part(definition, path, part)
    return _with_definition(api, definition.with_part(path, part), stamp)


def update_part(api: WebSocketApi, path: Path, asked: Resource, stamp: Stamp) -> WebSocketApi:
    """The API with a part changed."""
    check_protocol(path[-2], asked)
    part = _updated(part_at(api.definition, path), asked)
    check_part(api.definition, path, part)
    return _with_definition(api, api.definition.with_part(path, part), stamp)


def delete_part(api: WebSocketApi, path: Path, stamp: Stamp) -> WebSocketApi:
    """The API without a part and what stands under it."""
    part_at(api.definition, path)
    check_unused(api.definition, path)
    return _with_definition(api, api.definition.without(path), stamp)


def part_at(definition: Definition, path: Path) -> Resource:
    """The part with a path; Refused when there is none."""
    part = definition.parts.get(path)
    if part is None:
        kind = path[-2]
        raise not_found(f"Invalid {_NAMES.get(kind, kind[:-1].capitalize())} identifier specified {path[-1]}")
    return part


def _derived(kind: str, asked: Resource) -> Resource:
    """What follows from an integration's type where it is not asked for."""
    if kind != "integrations":
        return {}
    derived: dict[str, object] = {"integrationMethod": "POST"} if "integrationUri" in asked else {}
    match asked.get("integrationType"):
        case "MOCK" | "HTTP":
            derived["integrationResponseSelectionExpression"] = "${integration.response.statuscode}"
        case "AWS":
            derived["integrationResponseSelectionExpression"] = "${integration.response.body.errorMessage}"
    if asked.get("integrationType") in ("MOCK", "HTTP", "AWS"):
        derived["passthroughBehavior"] = "WHEN_NO_MATCH"
    return derived


# --- deployments ------------------------------------------------------------------------------------------


def create_deployment(api: WebSocketApi, asked: Resource, stamp: Stamp) -> WebSocketApi:
    """The API with a snapshot of its definition, which the stage that is named gets."""
    stage = asked.get("stageName")
    stages = [] if stage is None else [text(stage_at(api, str(stage)), "stageName")]
    if not api.definition.all_in("routes"):  # G-3
        raise bad_request("At least one route is required before deploying the Api")
    for name in stages:
        _refuse_where_automatic(api.stages[name])
    description = {"description": asked["description"]} if "description" in asked else {}
    return _deployed(api, stages, stamp, description, automatic=False)


def update_deployment(api: WebSocketApi, deployment_id: str, asked: Resource) -> WebSocketApi:
    """The API with another description of a deployment."""
    deployment = deployment_at(api, deployment_id)
    shown = {**deployment.shown, **asked}
    return replace(api, deployments={**api.deployments, deployment_id: replace(deployment, shown=shown)})


def delete_deployment(api: WebSocketApi, deployment_id: str) -> WebSocketApi:
    """The API without a deployment that no stage is at."""
    deployment_at(api, deployment_id)
    if deployment_id in _in_use(api):  # G-16
        raise bad_request("Active stages pointing to this deployment must be moved or deleted")
    left = {name: one for name, one in api.deployments.items() if name != deployment_id}
    return replace(api, deployments=left)


def deployment_at(api: WebSocketApi, deployment_id: str) -> Deployment:
    """The deployment with an id; Refused when there is none."""
    deployment = api.deployments.get(deployment_id)
    if deployment is None:
        raise not_found("Invalid Deployment identifier specified")
    return deployment


def _with_definition(api: WebSocketApi, definition: Definition, stamp: Stamp) -> WebSocketApi:
    """The API with another definition, which its stages with AutoDeploy get at once."""
    changed = replace(api, definition=definition)
    automatic = [name for name, stage in api.stages.items() if stage["autoDeploy"]]
    return _deployed_by_itself(changed, automatic, stamp)


def _deployed_by_itself(api: WebSocketApi, stages: list[str], stamp: Stamp) -> WebSocketApi:
    if not stages or not api.definition.all_in("routes"):
        return api
    deployed = _deployed(api, stages, stamp, {"description": "Automatic deployment"}, automatic=True)
    # Not recorded on AWS yet: how long automatic deployments are kept; here as long as a stage is at one.
    used = _in_use(deployed)
    kept = {
        name: one
        for name, one in deployed.deployments.items()
        if name in used or not one.shown["autoDeployed"]
    }
    return replace(deployed, deployments=kept)


def _deployed(
    api: WebSocketApi, stages: Iterable[str], stamp: Stamp, described: Resource, *, automatic: bool
) -> WebSocketApi:
    shown = {
        "autoDeployed": automatic,
        "createdDate": stamp.at,
        "deploymentId": stamp.deployment_id,
        "deploymentStatus": "DEPLOYED",
        **described,
    }
    made = Deployment(shown, api.definition)
    moved = {
        name: {**api.stages[name], "deploymentId": stamp.deployment_id, "lastUpdatedDate": stamp.at}
        for name in stages
    }
    return replace(
        api,
        deployments={**api.deployments, stamp.deployment_id: made},
        stages={**api.stages, **moved},
    )


def _in_use(api: WebSocketApi) -> set[str]:
    return {text(stage, "deploymentId") for stage in api.stages.values()}


# --- stages -----------------------------------------------------------------------------------------------


def create_stage(api: WebSocketApi, asked: Resource, stamp: Stamp) -> WebSocketApi:
    """The API with one more stage, at the deployment that is named; at a new one with AutoDeploy."""
    check_number("stages", len(api.stages))
    stage: Resource = {
        "autoDeploy": False,
        "defaultRouteSettings": _DEFAULT_ROUTE_SETTINGS,
        "routeSettings": {},
        "stageVariables": {},
        "tags": {},
        **asked,
        "createdDate": stamp.at,
    }
    if text(stage, "stageName") in api.stages:  # G-4
        raise conflict("Stage already exists")
    return _with_stage(api, stage, asked, stamp)


def update_stage(api: WebSocketApi, name: str, asked: Resource, stamp: Stamp) -> WebSocketApi:
    """The API with a stage changed: its variables, its settings, its deployment, AutoDeploy."""
    return _with_stage(api, _updated(stage_at(api, name), asked), asked, stamp)


def delete_stage(api: WebSocketApi, name: str) -> WebSocketApi:
    """The API without a stage."""
    stage_at(api, name)
    return replace(api, stages={other: stage for other, stage in api.stages.items() if other != name})


def without_route_settings(api: WebSocketApi, name: str, route_key: str, stamp: Stamp) -> WebSocketApi:
    """The API with a stage that has no settings of its own for a route."""
    return update_stage(api, name, {"routeSettings": {route_key: ""}}, stamp)


def without_access_log(api: WebSocketApi, name: str, stamp: Stamp) -> WebSocketApi:
    """The API with a stage that writes no access log."""
    stage = {key: one for key, one in stage_at(api, name).items() if key != "accessLogSettings"}
    return _with_stage(api, stage, {}, stamp)


def stage_at(api: WebSocketApi, name: str) -> Resource:
    """The stage with a name; Refused when there is none."""
    stage = api.stages.get(name)
    if stage is None:
        raise not_found("Invalid stage identifier specified")
    return stage


def _with_stage(api: WebSocketApi, stage: Resource, asked: Resource, stamp: Stamp) -> WebSocketApi:
    check_stage(api.definition, stage)
    name = text(stage, "stageName")
    if "deploymentId" in asked:
        _refuse_where_automatic(stage)
        deployment_at(api, text(asked, "deploymentId"))
    changed = replace(api, stages={**api.stages, name: {**stage, "lastUpdatedDate": stamp.at}})
    # Whatever is updated: a stage with AutoDeploy is at the newest definition ever after.
    return _deployed_by_itself(changed, [name], stamp) if stage["autoDeploy"] else changed


def _refuse_where_automatic(stage: Resource) -> None:
    if stage["autoDeploy"]:  # G-11
        raise bad_request("Deployment ID cannot be set on this stage because AutoDeploy is enabled")


def _updated(resource: Resource, asked: Resource) -> Resource:
    merged = {
        name: {
            key: one for key, one in {**mapping(resource, name), **mapping(asked, name)}.items() if one != ""
        }
        for name in _MERGED
        if name in asked
    }
    return {**resource, **asked, **merged}
