"""Retry policy: when a delivery that failed at its endpoint is tried again, by SNS's delivery policies (S-17).

A policy has four phases one after the other: retries at once, retries at the least delay, a backoff from the least to
the most, retries at the most. HTTP/S subscriptions may bring their own; AWS's own services have one that is fixed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import orjson

Backoff: TypeAlias = Literal["linear", "arithmetic", "geometric", "exponential"]
_FUNCTIONS: tuple[Backoff, ...] = get_args(Backoff)
_LONGEST_DELAY, _MOST_RETRIES = 3600, 100


class InvalidDeliveryPolicy(ValueError):
    """The policy cannot be; the message says why."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Delays in seconds, numbers of retries of each phase; `content_type` is of HTTP requests."""

    min_delay: float
    max_delay: float
    immediate: int
    before_backoff: int
    backoff: int
    after_backoff: int
    function: Backoff
    content_type: str = "text/plain; charset=UTF-8"

    @property
    def retries(self) -> int:
        """How many attempts follow the first."""
        return self.immediate + self.before_backoff + self.backoff + self.after_backoff

    def delay(self, retry: int) -> float | None:
        """Seconds before the retry of this number, from 1 on; None when there is no such retry."""
        # Not recorded on AWS yet: the jitter of delays; there is none here.
        phases = (
            (self.immediate, lambda _: 0.0),
            (self.before_backoff, lambda _: self.min_delay),
            (self.backoff, self._backed_off),
            (self.after_backoff, lambda _: self.max_delay),
        )
        for length, delay in phases:
            if retry <= length:
                return delay(retry)
            retry -= length
        return None

    def _backed_off(self, step: int) -> float:
        """The delay of a step of the backoff: the first is the least, the last is the most."""
        part = (step - 1) / (self.backoff - 1) if self.backoff > 1 else 0.0
        rise = self.max_delay - self.min_delay
        match self.function:
            case "linear":
                return self.min_delay + rise * part
            case "arithmetic":
                # Not recorded on AWS yet: the curves of the backoff functions between their two ends.
                return self.min_delay + rise * part * (part + 1) / 2
            case "geometric":
                return self.min_delay + rise * part**2
        return self.min_delay * float((self.max_delay / self.min_delay) ** part)


# https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html: 100,015 retries over 23 days.
AWS_SERVICES = RetryPolicy(1.0, 20.0, 3, 2, 10, 100_000, "exponential")
HTTP = RetryPolicy(20.0, 20.0, 0, 0, 3, 0, "linear")
_RETRY_MEMBERS = {
    "minDelayTarget": 20,
    "maxDelayTarget": 20,
    "numRetries": 3,
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 0,
    "numMaxDelayRetries": 0,
}


def http_policy(text: str) -> RetryPolicy:
    """The policy in a DeliveryPolicy attribute, of a subscription or of a topic (`{"http": {...}}`), "" for AWS's.

    Raises InvalidDeliveryPolicy.
    """
    try:
        given = orjson.loads(text or "{}")
    except orjson.JSONDecodeError as error:
        raise InvalidDeliveryPolicy("DeliveryPolicy: failed to parse JSON.") from error
    if not isinstance(given, dict):
        raise InvalidDeliveryPolicy("DeliveryPolicy: not a JSON object")
    given = _object(given.get("http", given), "http")
    retry = _object(
        given.get("healthyRetryPolicy") or given.get("defaultHealthyRetryPolicy") or {}, "healthyRetryPolicy"
    )
    request = _object(given.get("requestPolicy") or given.get("defaultRequestPolicy") or {}, "requestPolicy")
    return _policy(retry, str(request.get("headerContentType", HTTP.content_type)))


def _object(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise InvalidDeliveryPolicy(f"DeliveryPolicy: {name} is not a JSON object")
    return value


def _policy(retry: Mapping[str, object], content_type: str) -> RetryPolicy:
    number = {name: _number(retry, name) for name in _RETRY_MEMBERS}
    function = next((one for one in _FUNCTIONS if one == retry.get("backoffFunction", "linear")), None)
    if function is None:
        raise InvalidDeliveryPolicy(f"DeliveryPolicy: backoffFunction is one of {', '.join(_FUNCTIONS)}")
    least, most, total = number["minDelayTarget"], number["maxDelayTarget"], number["numRetries"]
    if not 1 <= least <= most <= _LONGEST_DELAY:
        raise InvalidDeliveryPolicy(
            "DeliveryPolicy: minDelayTarget is 1 to maxDelayTarget, which is at most 3600"
        )
    phases = (
        number["numNoDelayRetries"],
        number["numMinDelayRetries"],
        number["numMaxDelayRetries"],
    )
    if not sum(phases) <= total <= _MOST_RETRIES:
        raise InvalidDeliveryPolicy(
            "DeliveryPolicy: numRetries is at most 100, and holds those of every phase"
        )
    immediate, before, after = phases
    backoff = total - sum(phases)
    return RetryPolicy(float(least), float(most), immediate, before, backoff, after, function, content_type)


def _number(retry: Mapping[str, object], name: str) -> int:
    value = retry.get(name)
    if value is None:
        return _RETRY_MEMBERS[name]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidDeliveryPolicy(f"DeliveryPolicy: {name} cannot be {value!r}")
    return value
