"""Custom domain names of API Gateway, and the API mappings that lead from their paths to stages (U-3).

Pure. Codes such as U-3 are rows of docs/aws-rows.csv.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from harness.emulator.gateway.control_plane.definition import Path, Resource, text
from harness.emulator.gateway.control_plane.refusals import bad_request, conflict, not_found
from harness.emulator.gateway.control_plane.websocket_api import Stamp

Protocol: TypeAlias = str
StagesOf: TypeAlias = Callable[[str], tuple[Protocol, frozenset[str]] | None]
"""The protocol and the names of the stages of an API, by its id; None when there is no such API."""


@dataclass(frozen=True, slots=True)
class Domain:
    """A custom domain name of a region as it is shown, and its mappings by id."""

    region: str
    shown: Resource
    mappings: Mapping[str, Resource] = field(default_factory=dict)


Domains: TypeAlias = Mapping[str, Domain]
"""The domains by name, in lower case."""


@dataclass(frozen=True, slots=True)
class AboutDomains:
    """A call that was carried out: the domains afterwards, and the answer."""

    domains: Domains
    status: int
    shown: Resource | list[Resource] | None = None


def carry_out_on_domains(
    domains: Domains, region: str, method: str, path: Path, asked: Resource, stamp: Stamp, stages_of: StagesOf
) -> AboutDomains | None:
    """Carries a call about domain names out; Refused where AWS refuses it, None for what is not emulated.

    `path` is what stands behind `/v2/domainnames`.
    """
    match method, path:
        case "GET", ():
            return AboutDomains(domains, 200, [one.shown for one in domains.values() if one.region == region])
        case "POST", ():
            made = _new_domain(domains, region, asked, stamp)
            return AboutDomains(_with(domains, made), 201, made.shown)
        case _, (name, *rest):
            domain = _domain_at(domains, region, name)
            if not rest:
                return _of_domain(domains, domain, method, asked)
            if rest[0] == "apimappings":
                return _of_mappings(domains, domain, method, tuple(rest[1:]), asked, stamp, stages_of)
    return None


def mapped_apis(domains: Domains) -> frozenset[str]:
    """The ids of the APIs that a mapping leads to."""
    return frozenset(text(one, "apiId") for domain in domains.values() for one in domain.mappings.values())


# --- domains ----------------------------------------------------------------------------------------------


def _of_domain(domains: Domains, domain: Domain, method: str, asked: Resource) -> AboutDomains | None:
    match method:
        case "GET":
            return AboutDomains(domains, 200, domain.shown)
        case "PATCH":
            updated = replace(domain, shown={**domain.shown, **asked})
            return AboutDomains(_with(domains, updated), 200, updated.shown)
        case "DELETE":
            # Not recorded on AWS yet: the deletion of a domain name that still has mappings; they go with it.
            left = {name: one for name, one in domains.items() if one is not domain}
            return AboutDomains(left, 204)
    return None


def _new_domain(domains: Domains, region: str, asked: Resource, stamp: Stamp) -> Domain:
    name = text(asked, "domainName")
    if name.lower() in domains:
        # Not recorded on AWS yet: the words for a second domain of one name.
        raise conflict("The domain name resource already exists.")
    given = asked.get("domainNameConfigurations")
    configurations = [
        {
            "apiGatewayDomainName": f"d-{stamp.part_id}.execute-api.{region}.amazonaws.com",
            "domainNameStatus": "AVAILABLE",
            "endpointType": "REGIONAL",
            "securityPolicy": "TLS_1_2",
            **one,
        }
        for one in (given if isinstance(given, list) else [])
    ]
    return Domain(
        region,
        {
            "apiMappingSelectionExpression": "$request.basepath",
            "tags": {},
            **asked,
            "domainNameArn": f"arn:aws:apigateway:{region}::/domainnames/{name}",
            "domainNameConfigurations": configurations,
        },
    )


def _domain_at(domains: Domains, region: str, name: str) -> Domain:
    domain = domains.get(name.lower())
    if domain is None or domain.region != region:
        raise not_found("The domain name resource specified in the request was not found.")
    return domain


def _with(domains: Domains, domain: Domain) -> Domains:
    return {**domains, text(domain.shown, "domainName").lower(): domain}


# --- mappings ---------------------------------------------------------------------------------------------


def _of_mappings(
    domains: Domains,
    domain: Domain,
    method: str,
    path: Path,
    asked: Resource,
    stamp: Stamp,
    stages_of: StagesOf,
) -> AboutDomains | None:
    mappings = domain.mappings
    match method, path:
        case "GET", ():
            return AboutDomains(domains, 200, list(mappings.values()))
        case "POST", ():
            made = {"apiMappingKey": "", **asked, "apiMappingId": stamp.part_id}
            return _mapped(domains, domain, made, 201, stages_of)
        case "GET", (mapping_id,):
            return AboutDomains(domains, 200, _mapping_at(domain, mapping_id))
        case "PATCH", (mapping_id,):
            return _mapped(domains, domain, {**_mapping_at(domain, mapping_id), **asked}, 200, stages_of)
        case "DELETE", (mapping_id,):
            _mapping_at(domain, mapping_id)
            left = {name: one for name, one in mappings.items() if name != mapping_id}
            return AboutDomains(_with(domains, replace(domain, mappings=left)), 204)
    return None


def _mapped(
    domains: Domains, domain: Domain, made: Resource, status: int, stages_of: StagesOf
) -> AboutDomains:
    others = [one for one in domain.mappings.values() if one["apiMappingId"] != made["apiMappingId"]]
    _check_mapping(made, others, stages_of)
    mappings = {**domain.mappings, text(made, "apiMappingId"): made}
    return AboutDomains(_with(domains, replace(domain, mappings=mappings)), status, made)


def _mapping_at(domain: Domain, mapping_id: str) -> Resource:
    made = domain.mappings.get(mapping_id)
    if made is None:
        raise not_found("The api mapping resource specified in the request was not found.")
    return made


def _check_mapping(made: Resource, others: list[Resource], stages_of: StagesOf) -> None:
    key, api_id = text(made, "apiMappingKey"), text(made, "apiId")
    if key.startswith("/") or "//" in key:
        raise bad_request("API mapping key should not start with a '/' or have consecutive '/'s.")
    if key.endswith("/"):
        raise bad_request("API mapping key should not end with a '/'.")
    api = stages_of(api_id)
    if api is None:
        raise not_found(f"Invalid API identifier specified {api_id}")
    if made["stage"] not in api[1]:
        # Not recorded on AWS yet: the status of a mapping to a stage that is not there.
        raise not_found("Invalid stage identifier specified")
    if any(one["apiMappingKey"] == key for one in others):
        # Not recorded on AWS yet: the words for a second mapping of one key.
        raise conflict(f"API mapping key {key} already exists for this domain name")
    protocols = {found[0] for one in others if (found := stages_of(text(one, "apiId"))) is not None}
    if protocols - {api[0]}:  # U-3
        # Not recorded on AWS yet: the words where a WebSocket API would share a domain with another kind of API.
        raise bad_request("WEBSOCKET protocol Apis cannot share a domain name with other Apis")
