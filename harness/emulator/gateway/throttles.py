"""Is there room for one more request? The account's throttles and those of single routes.

Accounts are told apart by account id and region; every API of one shares its buckets (Q-6, Q-8, M-19).
"""

from harness.emulator.gateway.apis import Api, RouteKey, Stage, Throttling
from harness.emulator.gateway.quotas import Quotas, TokenBucket


class Throttles:
    """Token buckets by account and by route. `now` is monotonic seconds."""

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas
        self._handshakes: dict[tuple[str, str], TokenBucket] = {}
        self._accounts: dict[tuple[str, str], TokenBucket] = {}
        self._routes: dict[tuple[str, str, RouteKey], tuple[Throttling, TokenBucket]] = {}

    def admit_handshake(self, api: Api, now: float) -> bool:
        """Whether the account may open one more connection now (Q-6)."""
        quotas = self._quotas
        rate, burst = quotas.handshake_rate, quotas.handshake_burst
        return _bucket(self._handshakes, api, rate, burst, now).take(now)

    def admit_call(self, api: Api, now: float) -> bool:
        """Whether the account may make one more request now, @connections included (Q-8, M-19)."""
        quotas = self._quotas
        return _bucket(self._accounts, api, quotas.account_rate, quotas.account_burst, now).take(now)

    def admit_route(self, api: Api, stage: Stage, route_key: RouteKey, now: float) -> bool:
        """Whether the route may be taken once more now, by its own throttle and the account's (Q-9)."""
        throttling = stage.throttling(route_key)
        if throttling is not None and not self._route_bucket(api, stage, route_key, throttling, now).take(
            now
        ):
            return False
        return self.admit_call(api, now)

    def _route_bucket(
        self, api: Api, stage: Stage, route_key: RouteKey, throttling: Throttling, now: float
    ) -> TokenBucket:
        key = (api.api_id, stage.name, route_key)
        known = self._routes.get(key)
        if known is None or known[0] != throttling:
            bucket = TokenBucket(rate=throttling.rate_limit, burst=throttling.burst_limit, now=now)
            known = self._routes[key] = (throttling, bucket)
        return known[1]


def _bucket(
    buckets: dict[tuple[str, str], TokenBucket], api: Api, rate: float, burst: int, now: float
) -> TokenBucket:
    key = (api.account, api.region)
    bucket = buckets.get(key)
    if bucket is None:
        bucket = buckets[key] = TokenBucket(rate=rate, burst=burst, now=now)
    return bucket
