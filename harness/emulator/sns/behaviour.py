"""Behaviour of topics where SNS promises nothing: duplicates, delay, order, failures, filters that change late.

SNS delivers at least once and in any order (S-8), and a changed filter policy takes its time (S-22). Everything is
off by default, for standard topics only: a FIFO topic keeps what it promises.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from harness.emulator.switches import Share, read_switches

Chance: TypeAlias = Callable[[], float]
"""A draw from 0 up to, but not including, 1."""

EVERY_TOPIC = "*"


@dataclass(frozen=True, slots=True)
class TopicBehaviour:
    """The switches of one topic; all times are seconds on the emulator's clock.

    - `duplicates`: this share of the deliveries is made twice
    - `delay`: each delivery waits, for a time between these two
    - `reorder`: this share of the deliveries is held back `reorder_window` longer, and so overtaken
    - `failures`: this share of the attempts fails at the endpoint's service, and is retried (S-17)
    - `filter_delay`: a changed filter policy takes effect this long after its change
    """

    duplicates: Share = 0.0
    delay: tuple[float, float] = (0.0, 0.0)
    reorder: Share = 0.0
    reorder_window: float = 1.0
    failures: Share = 0.0
    filter_delay: float = 0.0


AS_ON_A_GOOD_DAY = TopicBehaviour()


@dataclass(frozen=True, slots=True)
class SnsSettings:
    """The behaviour of topics by name, of all others by `*`; `seed` begins their chance anew, None goes on."""

    topics: Mapping[str, TopicBehaviour]
    seed: int | None = None

    def of(self, topic_arn: str) -> TopicBehaviour:
        """The behaviour of one topic."""
        name = topic_arn.rpartition(":")[2]
        if name.endswith(".fifo"):
            return AS_ON_A_GOOD_DAY
        return self.topics.get(name) or self.topics.get(EVERY_TOPIC) or AS_ON_A_GOOD_DAY


def waits(behaviour: TopicBehaviour, chance: Chance) -> tuple[float, ...]:
    """How many seconds each delivery of one message to one subscription waits: one, or two for a duplicate."""
    copies = 2 if behaviour.duplicates and chance() < behaviour.duplicates else 1
    return tuple(_wait(behaviour, chance) for _ in range(copies))


def _wait(behaviour: TopicBehaviour, chance: Chance) -> float:
    least, most = behaviour.delay
    wait = least + (most - least) * chance() if most > least else least
    held_back = bool(behaviour.reorder) and chance() < behaviour.reorder
    return wait + (behaviour.reorder_window if held_back else 0.0)


def read_settings(wanted: Mapping[str, object]) -> SnsSettings:
    """The settings in `{"seed": 1, "topics": {name: {switch: value}}}`; ValueError names what cannot be."""
    if strangers := wanted.keys() - {"seed", "topics"}:
        raise ValueError(f"there is no setting {min(strangers)!r}; there are seed, topics")
    topics, seed = wanted.get("topics", {}), wanted.get("seed")
    if not isinstance(topics, Mapping):
        raise ValueError(f"topics cannot be {topics!r}")
    if isinstance(seed, bool) or not isinstance(seed, int | None):
        raise ValueError(f"seed cannot be {seed!r}")
    return SnsSettings({str(name): _behaviour(str(name), one) for name, one in topics.items()}, seed)


def _behaviour(topic: str, wanted: object) -> TopicBehaviour:
    if not isinstance(wanted, Mapping):
        raise ValueError(f"{topic} cannot be {wanted!r}")
    try:
        return read_switches(TopicBehaviour, {str(name): value for name, value in wanted.items()})
    except ValueError as error:
        raise ValueError(f"{topic}: {error}") from error
