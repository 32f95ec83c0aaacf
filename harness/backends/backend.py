"""Backend: the seam between the harness and where the system under test runs.

A backend provides an AWS endpoint to deploy to, says when nothing is in flight any more, and shows of its inside
what it can. The rest of the harness cannot tell one backend from another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from botocore.client import BaseClient

    from harness.outside.connection_rows import ConnectionRows
    from harness.stack.model import Function
    from harness.stack.provision import Deployment

HERE = "here"
"""The place of a part that runs on the emulator of this run."""

ALL_HERE: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("tables", "topics", "queues", "API", "functions"), HERE)
)


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack that is there already, and the rows of its connections if stack.yaml names them."""

    deployment: "Deployment"
    rows: "ConnectionRows | None"


@dataclass(frozen=True, slots=True)
class Traits:
    """In what backends differ for the rest of the harness.

    `parts` says where each part of AWS is: `{"tables": "LocalStack 4.3.0 at http://...", "functions": "here"}`.
    `hidden` says why nothing of the inside is seen, empty where it is. `lacks` gives the settings of a scenario
    that the backend does not have (`gateway`, `dynamodb`, `sns`), each with the reason. On a `shared` backend
    others have resources too: a run gives its own names of their own, and deletes them, and nothing else, at its end.
    Resources of the `passing` services, by their names in boto3, end with the backend and need no deleting.
    `variables` is what every function needs in its environment besides what the stack says. Where the stack is
    `deployed` already nothing is made, and nothing deleted that the run did not make. `connects_per_second` is the
    most opening handshakes that it may be asked for, None for as many as there are.
    """

    parts: Mapping[str, str] = field(default_factory=lambda: ALL_HERE)
    hidden: str = ""
    lacks: Mapping[str, str] = field(default_factory=dict)
    shared: bool = False
    passing: frozenset[str] = frozenset()
    variables: Mapping[str, str] = field(default_factory=dict)
    deployed: Deployed | None = None
    connects_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A part of what the backend saw inside: a history's lines, and how many it could not keep.

    `next_number` is that of what it sees next.
    """

    lines: bytes = b""
    lost: int = 0
    next_number: int = 0


class Backend(Protocol):
    """Where the system under test runs."""

    name: str

    @property
    def traits(self) -> Traits:
        """In what it differs from others; known once it runs."""

    @property
    def endpoint(self) -> str:
        """The URL that AWS clients are given."""

    def client(self, service: str) -> "BaseClient":
        """A boto3 client of the service at this backend."""

    def urls(self, api_id: str, stage: str) -> Mapping[str, str]:
        """`url` for WebSocket clients and `management_endpoint` for @connections of a deployed API."""

    def code(self, function: "Function") -> Mapping[str, object]:
        """The `Code` argument of CreateFunction; UsageError when the function's code cannot be brought there."""

    async def prewarm(self, function: str, environments: int) -> None:
        """Returns when the function can be invoked, with so many environments where they can be started ahead.

        DeploymentFailed with Lambda's own error when it does not start. 0 tells only whether one can start.
        """

    async def set_gateway(self, configuration: Mapping[str, object]) -> None:
        """Sets how the gateway behaves, and its quotas, from now on; what is left out is as on AWS.

        UsageError says what a setting takes. Nothing happens where `traits.lacks` names the gateway.
        """

    async def set_dynamodb(self, configuration: Mapping[str, object]) -> None:
        """Sets how DynamoDB behaves where AWS leaves it to luck, from now on; errors as for `set_gateway`."""

    async def set_sns(self, configuration: Mapping[str, object]) -> None:
        """Sets how SNS delivers where AWS leaves it to luck, from now on; errors as for `set_gateway`."""

    async def quiet(self, timeout: float) -> bool:
        """Returns once nothing is in flight inside, False when `timeout` seconds ran out first.

        Where the inside is hidden it cannot tell, and says True at once.
        """

    async def end_left_over(self) -> None:
        """Ends processes that functions have left running; nothing where the inside is hidden."""

    async def forget_retries(self) -> Sequence[str]:
        """Gives up what waits for a later attempt, as a function's event does after an error.

        Gives each one's function or endpoint; nothing where the inside is hidden.
        """

    async def seen(self) -> Seen:
        """What the backend saw since the last call; nothing where it cannot look inside.

        BackendError when the backend, or what it stands on, does not answer any more.
        """
