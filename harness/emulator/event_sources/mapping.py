"""Event source mapping: a queue or a stream, the function that gets its records, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from harness.emulator.letters import service_of

LARGEST_PAYLOAD = 6_291_456
"""Bytes of a batch: a synchronous invocation carries no more."""

FOR_EVER = -1
"""A number of retries, or an age, that is never reached."""


class State(Enum):
    """Where a mapping stands, in the words of Lambda's API."""

    CREATING = "Creating"
    ENABLED = "Enabled"
    DISABLED = "Disabled"
    ENABLING = "Enabling"
    DISABLING = "Disabling"
    UPDATING = "Updating"
    DELETING = "Deleting"


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """How a stream is read; ages in seconds, FOR_EVER where Lambda never gives up, `on_failure` an ARN or ""."""

    starting_position: str
    parallelization_factor: int = 1
    maximum_retry_attempts: int = FOR_EVER
    maximum_record_age: int = FOR_EVER
    bisect_on_error: bool = False
    on_failure: str = ""


@dataclass(frozen=True, slots=True)
class EventSourceMapping:
    """One mapping as it was asked for; `batch_window` is in seconds, `last_modified` in seconds since the epoch.

    `filters` are patterns in JSON, none for every record. `stream` is None for a queue, `maximum_concurrency` for a
    stream and for a queue without a bound.
    """

    uuid: str
    arn: str
    source_arn: str
    function_arn: str
    batch_size: int
    batch_window: int = 0
    filters: tuple[str, ...] = ()
    report_item_failures: bool = False
    maximum_concurrency: int | None = None
    stream: StreamSettings | None = None
    last_modified: float = 0.0
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_fifo(self) -> bool:
        """Whether the source is a FIFO queue."""
        return service_of(self.source_arn) == "sqs" and self.source_arn.endswith(".fifo")

    @property
    def table(self) -> str:
        """The table whose stream is the source: `arn:...:table/NAME/stream/...`; "" for a queue."""
        return self.source_arn.partition(":table/")[2].partition("/")[0]

    @property
    def region(self) -> str:
        """The source's region."""
        return self.source_arn.split(":")[3]
