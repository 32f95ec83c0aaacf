"""Throttles: whether there is room for one more request, in the account and on a route.

Accounts are told apart by account id and region; every API of one shares its buckets (Q-6, Q-8, M-19).
"""

from harness.emulator.gateway.apis import Api, RouteKey, Stage, Throttling
from harness.emulator.gateway.configuration import InForce
from harness.emulator.gateway.quotas import TokenBucket


class Throttles:
    """Token buckets by account, by route and by API key; one whose throttle changed starts full again.

    `now` is monotonic seconds.
    """

    def __init__(self, in_force: InForce) -> None:
        self._in_force = in_force
        self._buckets: dict[tuple[str, ...], tuple[Throttling, TokenBucket]] = {}

    def admit_handshake(self, api: Api, now: float) -> bool:
        """Whether the account may open one more connection now (Q-6)."""
        quotas = self._in_force.quotas
        throttling = Throttling(quotas.handshake_rate, quotas.handshake_burst)
        return self._take(("handshakes", api.account, api.region), throttling, now)

    def admit_call(self, api: Api, now: float) -> bool:
        """Whether the account may make one more request now, @connections included (Q-8, M-19)."""
        quotas = self._in_force.quotas
        throttling = Throttling(quotas.account_rate, quotas.account_burst)
        return self._take(("account", api.account, api.region), throttling, now)

    def admit_route(self, api: Api, stage: Stage, route_key: RouteKey, now: float) -> bool:
        """Whether the route may be taken once more now, by its own throttle and the account's (Q-9)."""
        throttling = stage.throttling(route_key)
        key = ("route", api.api_id, stage.name, route_key)
        if throttling is not None and not self._take(key, throttling, now):
            return False
        return self.admit_call(api, now)

    def admit_key(self, api: Api, stage: Stage, api_key: str, now: float) -> bool:
        """Whether the caller with this API key may make one more request now, by its usage plan (C-17)."""
        throttling = stage.api_keys.get(api_key)
        return throttling is None or self._take(("key", api.api_id, stage.name, api_key), throttling, now)

    def _take(self, key: tuple[str, ...], throttling: Throttling, now: float) -> bool:
        known = self._buckets.get(key)
        if known is None or known[0] != throttling:
            bucket = TokenBucket(rate=throttling.rate_limit, burst=throttling.burst_limit, now=now)
            known = self._buckets[key] = (throttling, bucket)
        return known[1].take(now)
