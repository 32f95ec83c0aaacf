"""The seam between the harness and where the system under test runs.

A backend provides an AWS endpoint to deploy to, says when nothing is in flight any more, and shows of its inside
what it can. The rest of the harness cannot tell one backend from another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from botocore.client import BaseClient


@dataclass(frozen=True, slots=True)
class Seen:
    """A part of what the backend saw inside: a history's lines, and how many it could not keep."""

    lines: bytes = b""
    lost: int = 0


class Backend(Protocol):
    """Where the system under test runs."""

    name: str

    @property
    def endpoint(self) -> str:
        """The URL that AWS clients are given."""

    def client(self, service: str) -> "BaseClient":
        """A boto3 client of the service at this backend."""

    def urls(self, api_id: str, stage: str) -> Mapping[str, str]:
        """`url` for WebSocket clients and `management_endpoint` for @connections of a deployed API."""

    async def prewarm(self, function: str, environments: int) -> None:
        """Starts the function's environments; raises FunctionDoesNotStart with Lambda's own error.

        0 tells only whether one can start.
        """

    async def set_gateway(self, configuration: Mapping[str, object]) -> None:
        """Sets how the gateway behaves, and its quotas, from now on; what is left out is as on AWS.

        UsageError says what a setting takes, or that this backend has none.
        """

    async def set_dynamodb(self, configuration: Mapping[str, object]) -> None:
        """Sets how DynamoDB behaves where AWS leaves it to luck, from now on; errors as for `set_gateway`."""

    async def quiet(self, timeout: float) -> bool:
        """Returns once nothing is in flight inside, False when `timeout` seconds ran out first."""

    async def seen(self) -> Seen:
        """What the backend saw since the last call; nothing where it cannot look inside."""
