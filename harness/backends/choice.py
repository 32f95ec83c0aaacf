"""Choice of a backend, and of where it listens. Pure: from options and environment variables to a choice."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from harness.backends.aws.choice import AwsChoice
from harness.errors import UsageError

EDGE_PORT = 4566
"""Where LocalStack listens, unless told otherwise."""


class Kind(StrEnum):
    """The kinds of system that a stack can be deployed to."""

    EMBEDDED = "embedded"
    LOCALSTACK = "localstack"
    ENDPOINT = "endpoint"
    AWS = "aws"


@dataclass(frozen=True, slots=True)
class BackendChoice:
    """A kind of backend and, of those that run elsewhere, the URL.

    `named` says that somebody named the URL: then nothing is started in its place. `hybrid` keeps API and functions
    here, even though the endpoint has both; `callback_host` is the name by which the endpoint reaches them. `aws` is
    the stack that is on AWS already.
    """

    kind: Kind = Kind.EMBEDDED
    url: str = ""
    named: bool = False
    hybrid: bool = False
    callback_host: str | None = None
    aws: AwsChoice | None = None


EMBEDDED = BackendChoice()
"""What nobody has to choose."""


def choose(
    environment: Mapping[str, str],
    *,
    backend: str | None = None,
    endpoint_url: str | None = None,
    hybrid: bool = False,
    callback_host: str | None = None,
) -> BackendChoice:
    """The choice that options make, and where they are silent the environment.

    HARNESS_BACKEND names the kind; an endpoint URL alone means `endpoint`. LocalStack is looked for where its own
    tools look: at AWS_ENDPOINT_URL, else at LOCALSTACK_HOST (`host` or `host:port`) and EDGE_PORT, else at
    127.0.0.1:4566. UsageError says which of these is wrong.
    """
    kind = _kind(backend, environment.get("HARNESS_BACKEND", ""), endpoint_url)
    given = endpoint_url or environment.get("AWS_ENDPOINT_URL", "")
    match kind:
        case Kind.EMBEDDED | Kind.AWS:
            _refuse(
                kind, {"--endpoint-url": endpoint_url, "--hybrid": hybrid, "--callback-host": callback_host}
            )
            return BackendChoice(kind)
        case Kind.LOCALSTACK:
            host, port = environment.get("LOCALSTACK_HOST", ""), environment.get("EDGE_PORT", "")
            url = endpoint(given or _localstack_url(host, port))
            return BackendChoice(kind, url, bool(given or host or port), hybrid, callback_host)
        case Kind.ENDPOINT if given:
            return BackendChoice(kind, endpoint(given), True, hybrid, callback_host)
        case Kind.ENDPOINT:
            raise UsageError(
                "--backend endpoint needs a URL: --endpoint-url http://127.0.0.1:4566, or AWS_ENDPOINT_URL"
            )


def endpoint(url: str) -> str:
    """The URL of an endpoint without its trailing slash; UsageError when it is none."""
    parts = urlsplit(url.strip())
    try:
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{url!r} is not the URL of an endpoint: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise UsageError(f"{url!r} is not the URL of an endpoint; write http://HOST:PORT")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if port is None else f":{port}")


def _kind(option: str | None, variable: str, endpoint_url: str | None) -> Kind:
    said, where = (option, "--backend") if option else (variable.strip(), "HARNESS_BACKEND")
    if not said:
        return Kind.ENDPOINT if endpoint_url else Kind.EMBEDDED
    try:
        return Kind(said)
    except ValueError as error:
        raise UsageError(f"{where}: there is no backend {said!r}; there are {', '.join(Kind)}") from error


def _refuse(kind: Kind, options: Mapping[str, object]) -> None:
    """A URL in the environment may be meant for other tools; one that was asked for must not go unheard."""
    unheard = next((option for option, value in options.items() if value), None)
    if unheard is not None:
        raise UsageError(f"{unheard} is for the backends localstack and endpoint; the backend is {kind}")


def _localstack_url(host: str, port: str) -> str:
    """LOCALSTACK_HOST is a host, or a host and its port; EDGE_PORT is an older way to name the port alone."""
    name, _, own_port = host.strip().partition(":")
    chosen = own_port or port.strip() or str(EDGE_PORT)
    if not (chosen.isdecimal() and 0 < int(chosen) <= 65_535):
        variable = "LOCALSTACK_HOST" if own_port else "EDGE_PORT"
        raise UsageError(f"{variable}: {chosen!r} is not a port")
    return f"http://{name or '127.0.0.1'}:{chosen}"
