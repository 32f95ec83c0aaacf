"""Which API and stage does a request mean? By its host, as on AWS, or by its path.

Hosts: `{api}.execute-api.{region}.amazonaws.com`, and for machines without such names
`{api}.execute-api.localhost.localstack.cloud` and `{api}.execute-api.localhost`, each with any port; the path
is then `/{stage}[/...]` (U-1, U-2). On any other host the path is `/_aws/execute-api/{api}/{stage}[/...]`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

_PREFIX = "/_aws/execute-api/"
_HOST = re.compile(
    r"([a-z0-9]+)\.execute-api\."
    r"(?:[a-z0-9-]+\.amazonaws\.com(?:\.cn)?|localhost(?:\.localstack\.cloud)?)\.?(?::\d+)?",
    re.IGNORECASE,
)
_CONNECTIONS = (
    "@connections/",
    "%40connections/",
)  # AWS's SDKs send the one, its samples for awscurl the other


@dataclass(frozen=True, slots=True)
class ExecuteApiTarget:
    """`rest` is what follows `/{stage}/`, still percent-encoded; `stage` is decoded, "" for none."""

    api_id: str
    stage: str
    rest: str

    @property
    def is_connections(self) -> bool:
        """Whether this is a call of the @connections API (M-14), and so no opening handshake."""
        return self.rest.startswith(_CONNECTIONS)


def execute_api_target(host: str, path: str) -> ExecuteApiTarget | None:
    """What a request with this Host and raw path means; None when it is not for API Gateway's data plane."""
    if path.startswith(_PREFIX):
        api_id, _, stage_and_rest = path[len(_PREFIX) :].partition("/")
    elif (of_host := _api_id_of_host(host)) is not None:
        api_id, stage_and_rest = of_host, path[1:]
    else:
        return None
    stage, _, rest = stage_and_rest.partition("/")
    return ExecuteApiTarget(api_id, unquote(stage), rest)


def connection_id_of(rest: str) -> str | None:
    """The decoded id in `@connections/{id}`; None when `rest` is anything else (I-4, M-14)."""
    for prefix in _CONNECTIONS:
        if rest.startswith(prefix):
            connection_id = rest[len(prefix) :]
            return unquote(connection_id) if connection_id and "/" not in connection_id else None
    return None


@lru_cache(maxsize=4096)
def _api_id_of_host(host: str) -> str | None:
    match = _HOST.fullmatch(host)
    return match[1].lower() if match else None
