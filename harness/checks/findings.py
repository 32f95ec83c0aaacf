"""Which findings of a check are kept, and in which order: a broken run has millions."""

from collections.abc import Iterable
from itertools import islice, zip_longest

from harness.checks.verdict import Finding

MOST = 100
"""As many findings a check gives at most; its counts always tell all."""


def most_telling(*kinds: Iterable[Finding]) -> tuple[Finding, ...]:
    """At most `MOST` findings: the first of every kind, then the second of every kind, and so on.

    `kinds` are given most telling first. They may be generators: no more of them is worded than is kept.
    """
    rounds = zip_longest(*(islice(kind, MOST) for kind in kinds))
    return tuple(islice((one for round_ in rounds for one in round_ if one is not None), MOST))
