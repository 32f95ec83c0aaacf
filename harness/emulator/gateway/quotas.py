"""Quotas of API Gateway for WebSocket APIs, and the token bucket that throttles."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quotas:
    """AWS's limits by default (section 1.9). Sizes in bytes, times in seconds, rates a second.

    `math.inf` as a rate means: never throttled.
    """

    idle_timeout: float = 600.0
    connection_duration: float = 7200.0
    message_size: int = 131_072
    frame_size: int = 32_768
    integration_timeout: float = 29.0
    handshake_rate: float = 500.0
    # Not recorded on AWS yet: how many handshakes may come at once; one second's worth.
    handshake_burst: int = 500
    account_rate: float = 10_000.0
    account_burst: int = 5_000
    url_length: int = 4096  # U-7, characters
    # Not recorded on AWS yet: how much AWS holds back for a client that reads slowly (M-11).
    client_buffer: int = 1_048_576
    # Not recorded on AWS yet: how long a closed connection's TCP side may linger.
    close_timeout: float = 10.0


class TokenBucket:
    """Holds up to `burst` tokens and regains `rate` of them a second. `now` is monotonic seconds."""

    __slots__ = ("_burst", "_filled_at", "_rate", "_tokens")

    def __init__(self, *, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst, self._tokens, self._filled_at = rate, burst, float(burst), now

    def take(self, now: float) -> bool:
        """Takes one token; False when there is none."""
        if self._rate == math.inf:
            return True
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
