"""WebSocket APIs of an account: every API by id, the custom domain names, and the tags of both.

`WebSocketApis` is the one place that keeps them; all that changes them is pure (`api_calls`, `custom_domains`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from harness.emulator.gateway.control_plane.api_calls import carry_out
from harness.emulator.gateway.control_plane.custom_domains import (
    Domains,
    StagesOf,
    carry_out_on_domains,
    mapped_apis,
)
from harness.emulator.gateway.control_plane.definition import Path, Resource, mapping
from harness.emulator.gateway.control_plane.refusals import bad_request
from harness.emulator.gateway.control_plane.websocket_api import Stamp, WebSocketApi, new_api, stage_at

Answer: TypeAlias = tuple[int, Resource | Sequence[Resource] | None]
"""The status of an answer, and the resource or the list that it has."""


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A call: its region, method and path behind `/v2`, in segments; what it asks for; and what it may need."""

    region: str
    method: str
    path: Path
    asked: Resource
    stamp: Stamp


class WebSocketApis:
    """Keeps APIs and domain names, and calls `changed` after every call that changed them.

    Each call gives the status and what is answered, or None for what is not emulated; Refused leaves all as it was.
    """

    def __init__(
        self, *, others: Callable[[str, str], frozenset[str] | None], changed: Callable[[], None]
    ) -> None:
        """`others(region, api id)` gives the stages of an API of another protocol, None for none."""
        self._others, self._changed = others, changed
        self._apis: Mapping[str, WebSocketApi] = {}
        self._domains: Domains = {}

    def api(self, api_id: str) -> WebSocketApi | None:
        """The API with an id, whatever its region."""
        return self._apis.get(api_id)

    def in_region(self, region: str) -> list[Resource]:
        """The APIs of a region as they are shown."""
        return [one.definition.api for one in self._apis.values() if one.region == region]

    @property
    def domains(self) -> Domains:
        """The custom domain names, of every region."""
        return self._domains

    # --- calls --------------------------------------------------------------------------------------------

    def create(self, call: ApiCall) -> Answer:
        """CreateApi."""
        made = new_api(call.region, call.asked, call.stamp)
        self._keep(made)
        return 201, made.definition.api

    def about_api(self, api: WebSocketApi, call: ApiCall) -> Answer | None:
        """A call about an API that is kept here."""
        if call.method == "DELETE" and len(call.path) == 2:
            return self._delete(api)
        answered = carry_out(api, call.method, call.path[2:], call.asked, call.stamp)
        if answered is None:
            return None
        self._keep(answered.api)
        return answered.status, answered.shown

    def about_domains(self, call: ApiCall) -> Answer | None:
        """A call about custom domain names and their mappings."""
        answered = carry_out_on_domains(
            self._domains,
            call.region,
            call.method,
            call.path[1:],
            call.asked,
            call.stamp,
            self._stages_of(call.region),
        )
        if answered is None:
            return None
        self._domains = answered.domains
        self._changed()
        return answered.status, answered.shown

    def about_tags(self, path: Path, call: ApiCall) -> Answer | None:
        """A call about the tags of what has a path (`apis`, id); None when that is not kept here."""
        match path:
            case ("apis", api_id) if api_id in self._apis:
                api = self._apis[api_id]
                tagged = _tagged(api.definition.api, call)
                self._keep(replace(api, definition=replace(api.definition, api=tagged)))
            case ("apis", api_id, "stages", name) if api_id in self._apis:
                api = self._apis[api_id]
                tagged = _tagged(stage_at(api, name), call)
                self._keep(replace(api, stages={**api.stages, name: tagged}))
            case ("domainnames", name) if name.lower() in self._domains:
                domain = self._domains[name.lower()]
                tagged = _tagged(domain.shown, call)
                self._domains = {**self._domains, name.lower(): replace(domain, shown=tagged)}
            case _:
                return None
        return {"GET": (200, {"tags": tagged["tags"]}), "POST": (201, {})}.get(call.method, (204, None))

    def _delete(self, api: WebSocketApi) -> Answer:
        if api.api_id in mapped_apis(self._domains):  # G-14
            said = f"Deleting API {api.api_id} failed. Please remove all API mappings for the API from your "
            raise bad_request(f"{said}custom domain names.")
        self._apis = {api_id: one for api_id, one in self._apis.items() if api_id != api.api_id}
        self._changed()
        return 204, None

    def _keep(self, api: WebSocketApi) -> None:
        if self._apis.get(api.api_id) is not api:
            self._apis = {**self._apis, api.api_id: api}
            self._changed()

    def _stages_of(self, region: str) -> StagesOf:
        def stages_of(api_id: str) -> tuple[str, frozenset[str]] | None:
            ours = self._apis.get(api_id)
            if ours is not None:
                return ("WEBSOCKET", frozenset(ours.stages)) if ours.region == region else None
            others = self._others(region, api_id)
            return None if others is None else ("HTTP", others)

        return stages_of


def _tagged(resource: Resource, call: ApiCall) -> Resource:
    tags = mapping(resource, "tags")
    if call.method == "POST":
        return {**resource, "tags": {**tags, **mapping(call.asked, "tags")}}
    if call.method == "DELETE":
        taken = call.asked.get("tagKeys")
        return {
            **resource,
            "tags": {
                key: one for key, one in tags.items() if not isinstance(taken, list) or key not in taken
            },
        }
    return resource
