"""URLs of APIs: which API and stage a request means, by its host, as on AWS, or by its path.

Hosts: `{api}.execute-api.{region}.amazonaws.com`, and for machines without such names
`{api}.execute-api.localhost.localstack.cloud` and `{api}.execute-api.localhost`, each with any port; the path
is then `/{stage}[/...]` (U-1, U-2). On a custom domain it is `[/{mapping key}][/...]`, without a stage (U-3). On
any other host it is `/_aws/execute-api/{api}/{stage}[/...]`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from harness.emulator.gateway.apis import Api, CustomDomain

_PREFIX = "/_aws/execute-api/"
_HOST = re.compile(
    r"([a-z0-9]+)\.execute-api\."
    r"(?:([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?|localhost(?:\.localstack\.cloud)?)\.?(?::\d+)?",
    re.IGNORECASE,
)
_CONNECTIONS = (
    "@connections",
    "%40connections",
)  # AWS's SDKs send the one, its samples for awscurl the other


@dataclass(frozen=True, slots=True)
class ExecuteApiTarget:
    """`rest` is what follows `/{stage}/`, or a custom domain's mapping key, still percent-encoded.

    `stage` is decoded, "" for none; `region` is the one that the host names, "" for none (G-7).
    """

    api_id: str
    stage: str
    rest: str
    region: str = ""

    @property
    def is_connections(self) -> bool:
        """Whether this is a call of the @connections API (M-14), and so no opening handshake."""
        return self.rest.partition("/")[0] in _CONNECTIONS


def execute_api_target(host: str, path: str) -> ExecuteApiTarget | None:
    """What a request with this Host and raw path means; None when it is not for API Gateway's data plane."""
    region = ""
    if path.startswith(_PREFIX):
        api_id, _, stage_and_rest = path[len(_PREFIX) :].partition("/")
    elif (of_host := _api_of_host(host)) is not None:
        (api_id, region), stage_and_rest = of_host, path[1:]
    else:
        return None
    stage, _, rest = stage_and_rest.partition("/")
    return ExecuteApiTarget(api_id, unquote(stage), rest, region)


def means_connections(path: str) -> bool:
    """Whether a call of @connections was meant, wherever in the raw path its name stands."""
    return "connections/" in path and any(part in _CONNECTIONS for part in path.split("/"))


def fault_of_address(api_id: str, api: Api | None, stage: str, rest: str) -> str:
    """Why no call of @connections is at an address whose stage is not there, or whose `rest` is none."""
    if api is None:
        missing = "no stage in the address" if stage in _CONNECTIONS else f"no stage {stage!r} of it"
        return f"no such API {api_id!r}, or {missing}"
    if not rest.partition("/")[2]:
        return "no connection id in the address"
    return f"nothing is at {unquote(rest)!r} behind the stage"


def custom_domain_target(domain: CustomDomain, path: str) -> ExecuteApiTarget | None:
    """What a request to a custom domain means; None when no mapping is for its path (U-3, U-5).

    The longest mapping key that the path begins with counts. A path without the slash behind its key is taken too.
    """
    inside = path[1:]
    for key in sorted(domain, key=len, reverse=True):
        if not key or inside == key or inside.startswith(f"{key}/"):
            mapping = domain[key]
            return ExecuteApiTarget(mapping.api_id, mapping.stage, inside[len(key) :].removeprefix("/"))
    return None


def domain_name(host: str, path: str, api: Api) -> str:
    """The name that a client used to call the API, as events say it (U-8).

    It is the Host, but for the path form, which AWS does not have: there it is the name that AWS would have given the
    API, because functions build `https://{domainName}/{stage}` of it, and AWS's names lead here inside functions.
    """
    if not path.startswith(_PREFIX):
        return host
    suffix = "amazonaws.com.cn" if api.region.startswith("cn-") else "amazonaws.com"
    return f"{api.api_id}.execute-api.{api.region}.{suffix}"


def host_name(host: str) -> str:
    """The name in a Host header, in lower case and without its port."""
    return host.partition(":")[0].lower().removesuffix(".")


def connection_id_of(rest: str) -> str | None:
    """The decoded id in `@connections/{id}`; None when `rest` is anything else (I-4, M-14)."""
    collection, _, connection_id = rest.partition("/")
    if collection not in _CONNECTIONS or not connection_id or "/" in connection_id:
        return None
    return unquote(connection_id)


@lru_cache(maxsize=4096)
def _api_of_host(host: str) -> tuple[str, str] | None:
    """The id and the region that a host names, "" for no region."""
    match = _HOST.fullmatch(host)
    return (match[1].lower(), (match[2] or "").lower()) if match else None
