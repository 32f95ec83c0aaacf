"""Outcomes of posts: what the answer to one means, and when it is worth another try. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self, TypeAlias

from dex.ws.http_response import Response


@dataclass(frozen=True, slots=True)
class Delivered:
    """API Gateway took the message."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The connection does not exist (any more): 410 (M-5)."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The message was not taken; `transient` when the same post may succeed a little later."""

    reason: str
    transient: bool


Outcome: TypeAlias = Delivered | Gone | Failed

DELIVERED = Delivered()
GONE = Gone()
OUT_OF_TIME = Failed("out of time", transient=True)


def outcome_of(response: Response) -> Outcome:
    """What an answer means; 429 and 5xx are transient (M-11), any other refusal is for good."""
    match response.status:
        case status if 200 <= status < 300:
            return DELIVERED
        case 410:
            return GONE
        case status:
            return Failed(_reason(response), transient=status == 429 or status >= 500)


def outcome_of_error(error: OSError) -> Failed:
    """What it means that there was no answer."""
    return Failed(f"{type(error).__name__}: {error}", transient=True)


def _reason(response: Response) -> str:
    text = response.body[:200].decode("utf-8", "replace")
    return " ".join(part for part in (str(response.status), response.error_type, text) if part)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a post is tried, and how many seconds lie between: doubling from `first` up to `longest`."""

    attempts: int = 5
    first: float = 0.05
    longest: float = 1.0

    def delay(self, retry: int, chance: float) -> float:
        """Seconds before the `retry`-th retry, the first being 1; `chance` in [0, 1) spreads the upper half."""
        return min(self.longest, self.first * 2.0 ** (retry - 1)) * (0.5 + chance / 2)


@dataclass(frozen=True, slots=True)
class PostReport:
    """What came of posting one message to many connections."""

    delivered: int
    gone: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, outcomes: Mapping[str, Outcome]) -> Self:
        """The report on the last outcome of each connection."""
        return cls(
            delivered=sum(outcome is DELIVERED for outcome in outcomes.values()),
            gone=tuple(id_ for id_, outcome in outcomes.items() if outcome is GONE),
            failed={id_: outcome.reason for id_, outcome in outcomes.items() if isinstance(outcome, Failed)},
        )

    def failures(self) -> Iterator[str]:
        """One line per reason, with the connections it struck: a thousand of them must not be a thousand lines."""
        struck = defaultdict(list)
        for connection_id, reason in self.failed.items():
            struck[reason].append(connection_id)
        for reason, ids in struck.items():
            more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
            yield f"{reason} ({', '.join(ids[:5])}{more})"
