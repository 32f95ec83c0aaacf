"""Settings of DynamoDB, for what is a matter of luck on AWS. Everything is off by default."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.emulator.switches import read_switches


@dataclass(frozen=True, slots=True)
class DynamoDbSettings:
    """The switches; all times are seconds on the emulator's clock, and a change takes effect at once.

    - `index_lag`: a global secondary index shows a write only this long after it (D-9)
    - `ttl_delay`: an expired item is deleted this long after it expired; None for never (D-42)
    - `throttle_every`: every n-th request that reads or writes items is throttled (D-60, D-61); 0 for none
    - `limit_throughput`: tables have the throughput that they were given, or an on-demand table's first (D-64),
      and partitions no more than AWS's (D-63); what exceeds it is throttled
    """

    index_lag: float = 0.0
    ttl_delay: float | None = None
    throttle_every: int = 0
    limit_throughput: bool = False


def read_settings(wanted: Mapping[str, object]) -> DynamoDbSettings:
    """The settings that a JSON object says, the others as on AWS; ValueError names what cannot be."""
    return read_switches(DynamoDbSettings, wanted)
