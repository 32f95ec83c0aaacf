"""Function: its configuration, its runtime and handler, and the ways to name it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from harness.emulator.lambda_runtime.event_invoke_config import EventInvokeConfig

LATEST = "$LATEST"

_REFERENCE = re.compile(
    r"(?:(?:arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):)?(?P<account>\d{12}):function:)?"
    r"(?P<name>[A-Za-z0-9_-]{1,64})(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]+))?"
)
_PYTHON = re.compile(r"python3\.\d+")
_NODE = re.compile(r"nodejs\d+\.x")


@dataclass(frozen=True, slots=True)
class CodeLocation:
    """Where a function's code lies: an absolute folder, and the digest and size that AWS would report.

    `hot_reload` says that the folder is the developer's own and may change at any time.
    """

    folder: str
    sha256: str
    size: int
    hot_reload: bool = False


@dataclass(frozen=True, slots=True)
class FunctionConfiguration:
    """One function as deployed; `timeout` is in seconds, `memory_size` in MB, `last_modified` as AWS writes it.

    `reserved_concurrency` is None for an unreserved function; `dead_letter_target` is an ARN, "" for none.
    """

    name: str
    arn: str
    runtime: str
    handler: str
    code: CodeLocation
    role: str = ""
    timeout: int = 3
    memory_size: int = 128
    environment: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    reserved_concurrency: int | None = None
    last_modified: str = ""
    revision_id: str = ""
    version: str = LATEST
    tags: Mapping[str, str] = field(default_factory=dict)
    architectures: tuple[str, ...] = ("x86_64",)
    ephemeral_storage: int = 512
    tracing_mode: str = "PassThrough"
    layers: tuple[str, ...] = ()
    dead_letter_target: str = ""
    event_invoke_config: EventInvokeConfig | None = None


@dataclass(frozen=True, slots=True)
class FunctionReference:
    """A function as a caller named it; "" for the parts that the caller left out."""

    name: str
    qualifier: str = ""
    region: str = ""
    account: str = ""


def function_arn(region: str, account: str, name: str) -> str:
    """The unqualified ARN."""
    return f"arn:aws:lambda:{region}:{account}:function:{name}"


def parse_reference(text: str) -> FunctionReference | None:
    """A name, ARN or partial ARN, each with or without a qualifier; None for anything else."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return None
    parts = match.groupdict(default="")
    return FunctionReference(parts["name"], parts["qualifier"], parts["region"], parts["account"])


def runtime_family(runtime: str) -> str | None:
    """`python` or `nodejs`, None for a runtime that AWS does not have."""
    if _PYTHON.fullmatch(runtime):
        return "python"
    return "nodejs" if _NODE.fullmatch(runtime) else None


def split_python_handler(handler: str) -> tuple[str, str] | None:
    """The module to import and the function in it (L-60); None for a malformed handler (L-61).

    `dex/ws/fan_out.handler` is `handler` in `dex.ws.fan_out`: split at the last dot, slashes are dots.
    """
    module, dot, function = handler.rpartition(".")
    return (module.replace("/", "."), function) if dot else None


def log_stream_name(created_at: float, digits: str) -> str:
    """`yyyy/mm/dd/[$LATEST]<32 hex digits>`; `created_at` in seconds since the epoch."""
    day = datetime.fromtimestamp(created_at, UTC).strftime("%Y/%m/%d")
    return f"{day}/[{LATEST}]{digits}"
