"""Which filter policy is in force while a change of it spreads through SNS? (S-22)"""

from dataclasses import dataclass

from harness.emulator.sns.filter_policy import FilterPolicy


@dataclass(frozen=True, slots=True)
class _Change:
    at: float
    before: FilterPolicy | None


class FilterChanges:
    """The changes of every subscription's filter policy, in time order; times are monotonic seconds."""

    def __init__(self) -> None:
        self._changes: dict[str, tuple[_Change, ...]] = {}

    def changed(self, subscription_arn: str, before: FilterPolicy | None, at: float) -> None:
        """A subscription had the policy `before` until now."""
        self._changes[subscription_arn] = (
            *self._changes.get(subscription_arn, ()),
            _Change(at, before),
        )

    def in_force(
        self, subscription_arn: str, now_set: FilterPolicy | None, *, since: float
    ) -> FilterPolicy | None:
        """The policy that has been set since then: what was there before the first later change, else `now_set`."""
        changes = self._changes.get(subscription_arn, ())
        later = [change for change in changes if change.at > since]
        return later[0].before if later else now_set
