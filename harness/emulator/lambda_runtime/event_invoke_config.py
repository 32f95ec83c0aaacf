"""Event invoke config: how often and how long an event of a function is tried, and who hears how it ended."""

from dataclasses import dataclass

MAXIMUM_RETRY_ATTEMPTS = 2
MAXIMUM_EVENT_AGE = 21_600
"""Seconds: six hours (S-11)."""


@dataclass(frozen=True, slots=True)
class EventInvokeConfig:
    """A function's event invoke config; None for what is left to Lambda, "" for no destination.

    Ages are in seconds, `last_modified` in seconds since the epoch; destinations are ARNs.
    """

    maximum_retry_attempts: int | None = None
    maximum_event_age: int | None = None
    on_success: str = ""
    on_failure: str = ""
    last_modified: float = 0.0

    @property
    def retries(self) -> int:
        """How often a failed event is tried again (S-11)."""
        chosen = self.maximum_retry_attempts
        return MAXIMUM_RETRY_ATTEMPTS if chosen is None else chosen

    @property
    def event_age(self) -> int:
        """For how many seconds an event is kept (S-11)."""
        chosen = self.maximum_event_age
        return MAXIMUM_EVENT_AGE if chosen is None else chosen


DEFAULT_EVENT_INVOKE_CONFIG = EventInvokeConfig()
