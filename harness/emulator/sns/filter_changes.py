"""Filter changes: the policy that is in force while a change of it spreads through SNS (S-22)."""

from dataclasses import dataclass

from harness.emulator.sns.filter_policy import FilterPolicy


@dataclass(frozen=True, slots=True)
class _Change:
    at: float
    delay: float
    before: FilterPolicy | None


class FilterChanges:
    """The changes of every subscription's filter policy, in time order; times are monotonic seconds."""

    def __init__(self) -> None:
        self._changes: dict[str, tuple[_Change, ...]] = {}

    def changed(self, subscription_arn: str, before: FilterPolicy | None, *, at: float, delay: float) -> None:
        """A subscription had the policy `before` until now, and a change takes `delay`."""
        known = self._changes.get(subscription_arn, ())
        self._changes[subscription_arn] = (*known, _Change(at, delay, before))

    def in_force(
        self, subscription_arn: str, now_set: FilterPolicy | None, *, at: float, delay: float
    ) -> FilterPolicy | None:
        """The policy that the first change found which is still on its way, else `now_set`.

        No change takes longer than `delay`, which is what a change takes now.
        """
        changes = self._changes.get(subscription_arn, ())
        spreading = [change for change in changes if change.at + min(change.delay, delay) > at]
        return spreading[0].before if spreading else now_set
