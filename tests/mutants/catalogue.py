"""Catalogue of mutants: what is broken, what shows it, which check says so, and which cause must stand first.

`python -m tests.mutants.table` writes it to docs/mutants.md, `python -m tests.mutants.play` plays it.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

BACKENDS = ("plain", "wrapped", "queued")
"""SNS to a function; the same with an envelope around each event; SNS to a queue, raw, to a function."""

# What the first cause must say, as patterns that small changes of wording do not touch; case does not count.
LOST = r"^(?!.*(no function was handed|answered 200)).*(never received|\blost\b)"
LEAKED = r"\bleak|may see"
TWICE = r"twice|\d times|duplicate"
ALTERED = r"(altered|differ|another content)"
DISAGREES = r"^(?=.*\bnames?\b)(?=.*\bhanded\b)"
LATE = r"late, in|posted late|had returned"
UNPOSTED = rf"had returned|{LOST}"
POSTED_ELSEWHERE = r"posted to \S*@connections.*(no such|403)"
ROW = r"\brows?\b"
ROW_AGAIN = r"\brows?\b.*(again|re-?created)"
EXPIRY = r"expir|\bTTL\b|time to live"


SAYS: Mapping[str, str] = {
    "drop": "a push is left out",
    "duplicate": "a push is made twice",
    "misroute": "a push goes to another room instead",
    "leak": "another room gets the push too",
    "leak-without-id": "another room gets the push too, without its id",
    "leak-in-a-batch": "another room gets the push too, in a list",
    "leak-in-own-words": "another room gets some of the event, in JSON of the handler's own",
    "invent": "after a push the receiver gets an event that nobody published",
    "strip-id": "a push lacks its id",
    "own-json": "a push holds some of the event, in JSON of the handler's own",
    "truncate": "a push lacks its last character",
    "add-member": "a push has a member more",
    "lose-member": "a push has a member less",
    "alter-string": "a string is another",
    "alter-number": "a number is another",
    "alter-number-beyond-a-double": "a number is another, and the same as a double",
    "alter-whole-number": "a whole number above 2^53 was rounded to a double",
    "number-as-string": "a number became a string",
    "repeat-member": "a member is there twice, first with another value",
    "stale": "a push has the content of the event before",
    "wrong-id": "a push has the id of the event before",
    "late": "a push is made by the next invocation, before its own",
    "reorder": "a push is made by the next invocation, after its own",
    "return-early": "the handler returns before it pushes",
    "slow": "three seconds pass before a push",
    "first-record-only": "of a batch the first record is taken for all",
    "wrong-stage": "a push is posted to a stage that is not there; the answer is printed",
    "no-stage": "a push is posted to an address without a stage; the answer is printed",
    "unset-endpoint": "a push is posted to what an unset variable gives; the answer is printed",
    "swallow": "every error of a push is passed over, a 410 too",
    "raise-after": "after an event's pushes the handler raises",
    "never-delete": "a connection that met a 410 keeps its row",
    "wrong-row": "somebody else's row is deleted",
    "recreate-row": "a row that was deleted after a 410 is written again",
    "recreate-after-disconnect": "a row that $disconnect deleted is written again",
    "purge-live": "the row of a receiver is deleted after a push that succeeded",
    "post-to-gone": "who was purged is posted to with each event",
    "connect-answers-none": "$connect returns None",
    "connect-answers-500": "$connect returns the status 500",
    "subscribe-answers-500": "a route returns the status 500",
    "disconnect-answers-500": "$disconnect returns the status 500",
    "no-row": "a connection's room is not written down",
    "wrong-room": "a connection is written down for another room",
    "old-room-stays": "who moves stays in the old room too",
    "keep-row": "$disconnect leaves the row",
    "ttl-by-another-name": "rows expire by an attribute that the table's TTL does not know",
    "ttl-in-milliseconds": "rows expire at a time in milliseconds",
    "ttl-in-the-past": "rows expire at a time that has passed",
}
"""What each fault does, in words."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one function of a backend, in one of so many cases (`every`), under one stimulus.

    `check` must fail, and in the first of all findings `cause` must be found.
    """

    fault: str
    every: int
    stimulus: str
    check: str
    cause: str
    function: str = "fan_out"
    backends: tuple[str, ...] = BACKENDS

    @property
    def name(self) -> str:
        where = "" if self.function == "fan_out" else f" in {self.function}"
        return f"{self.fault}{where}, 1 in {self.every}"

    @property
    def change(self) -> str:
        return f"{self.fault}/{self.every}"


@dataclass(frozen=True, slots=True)
class Harmless:
    """A change that no history tells from the original, and why; played where it has a stimulus."""

    name: str
    reason: str
    change: str = ""
    function: str = "fan_out"
    stimulus: str = ""
    backends: tuple[str, ...] = BACKENDS


@dataclass(frozen=True, slots=True)
class Later:
    """A defect that only a fault shows which cannot be injected yet."""

    name: str
    needs: str


@dataclass(frozen=True, slots=True)
class _Push:
    """A fault of single pushes: shown by few of them at small rates, by a crowd at one in three hundred."""

    fault: str
    check: str
    cause: str
    rates: tuple[int, ...] = (1, 10, 300)
    stimuli: dict[int, str] = field(default_factory=lambda: {1: "few", 10: "few", 300: "crowd"})
    backends: tuple[str, ...] = BACKENDS

    def mutants(self) -> Iterator[Mutant]:
        for rate in self.rates:
            stimulus = self.stimuli[rate]
            yield Mutant(self.fault, rate, stimulus, self.check, self.cause, backends=self.backends)


_PUSHES = (
    _Push("drop", "routing", LOST + r".*\bpost"),
    _Push("duplicate", "routing", TWICE),
    _Push("misroute", "routing", LEAKED),
    _Push("leak", "routing", LEAKED),
    _Push("leak-without-id", "routing", LEAKED),
    _Push("leak-in-a-batch", "routing", LEAKED),
    _Push("leak-in-own-words", "routing", LEAKED),
    _Push("invent", "routing", r"made-up"),
    _Push("strip-id", "routing", ALTERED),
    _Push("own-json", "routing", ALTERED),
    _Push("truncate", "routing", ALTERED),
    _Push("add-member", "routing", ALTERED),
    _Push("lose-member", "routing", ALTERED),
    _Push("alter-string", "routing", ALTERED + r".*\btext\b"),
    _Push("alter-number", "routing", ALTERED + r".*\bprice\b"),
    _Push("alter-number-beyond-a-double", "routing", ALTERED + r".*\bprice\b"),
    _Push("alter-whole-number", "routing", ALTERED + r".*\bvolume\b"),
    _Push("number-as-string", "routing", ALTERED + r".*\bprice\b"),
    _Push("repeat-member", "routing", ALTERED + r".*\bprice\b"),
    _Push("stale", "routing", DISAGREES),
    _Push("wrong-id", "routing", DISAGREES),
    _Push("reorder", "order", r"\bafter\b|order|\blate\b", rates=(10, 300)),
    _Push("late", "latency", LATE, stimuli={1: "late", 10: "late", 300: "late"}),
    _Push("slow", "latency", r"\bmax\b", rates=(300,), stimuli={300: "late"}),
    _Push("wrong-stage", "health", POSTED_ELSEWHERE),
    _Push("no-stage", "health", POSTED_ELSEWHERE),
    _Push("unset-endpoint", "health", POSTED_ELSEWHERE),
    _Push("purge-live", "purge", ROW),
)

MUTANTS: tuple[Mutant, ...] = (
    *(mutant for push in _PUSHES for mutant in push.mutants()),
    Mutant("return-early", 1, "few", "routing", UNPOSTED),
    Mutant("return-early", 10, "crowd", "routing", UNPOSTED),
    Mutant("first-record-only", 1, "burst", "routing", LOST, backends=("queued",)),
    Mutant("raise-after", 1, "few", "health", r"RuntimeError"),
    Mutant("raise-after", 10, "crowd", "health", r"RuntimeError"),
    Mutant("swallow", 1, "gone", "purge", r"never deleted"),
    Mutant("swallow", 10, "gone", "purge", r"never deleted"),
    Mutant("never-delete", 1, "gone", "purge", r"never deleted"),
    Mutant("never-delete", 10, "gone", "purge", r"never deleted"),
    Mutant("wrong-row", 10, "gone", "purge", ROW),
    Mutant("recreate-row", 1, "gone", "purge", ROW_AGAIN),
    Mutant("recreate-row", 10, "gone", "purge", ROW_AGAIN),
    Mutant("post-to-gone", 1, "gone-again", "purge", r"posted to"),
    Mutant("post-to-gone", 10, "gone-again", "purge", r"posted to"),
    Mutant("connect-answers-none", 1, "few", "health", r"connect returned None", "connect"),
    Mutant("connect-answers-none", 10, "few", "health", r"connect returned None", "connect"),
    Mutant("connect-answers-500", 10, "few", "health", r"connect.*\b500\b", "connect"),
    Mutant("no-row", 10, "few", "routing", rf"{LOST}|{ROW}", "connect"),
    Mutant("wrong-room", 10, "few", "routing", LEAKED, "connect"),
    Mutant("ttl-by-another-name", 1, "ttl", "rows", EXPIRY, "connect"),
    Mutant("ttl-in-milliseconds", 10, "ttl", "rows", EXPIRY, "connect"),
    Mutant("ttl-in-the-past", 10, "ttl", "rows", EXPIRY, "connect"),
    Mutant("subscribe-answers-500", 10, "few", "health", r"subscribe.*\b500\b", "subscribe"),
    Mutant("no-row", 10, "few", "routing", rf"{LOST}|{LEAKED}", "subscribe"),
    Mutant("old-room-stays", 10, "few", "routing", LEAKED, "subscribe", ("wrapped",)),
    Mutant("disconnect-answers-500", 10, "leave", "health", r"disconnect.*\b500\b", "disconnect"),
    Mutant("keep-row", 1, "leave", "rows", ROW, "disconnect"),
    Mutant("keep-row", 10, "leave", "rows", ROW, "disconnect"),
    Mutant("wrong-row", 10, "leave", "purge", ROW, "disconnect"),
    Mutant("recreate-after-disconnect", 1, "leave", "rows", ROW, "disconnect"),
    Mutant("recreate-after-disconnect", 10, "leave", "rows", ROW, "disconnect"),
)
"""Every mutant that a history tells from the original."""

EQUIVALENT: tuple[Harmless, ...] = (
    Harmless("backwards", "nothing promises an order among receivers", "backwards/1", stimulus="few"),
    Harmless("sorted", "nothing promises an order among receivers", "sorted/1", stimulus="few"),
    Harmless("threads", "each event waits for its own posts", "threads/1", stimulus="gone"),
    Harmless("gathered", "all posts are made before the handler returns", "gathered/1", stimulus="gone"),
    Harmless("scan", "a Scan finds the same rows", "scan/1", stimulus="gone", backends=("plain",)),
    Harmless("retries", "a retry of what failed is no second push", "retries/1", stimulus="gone"),
    Harmless("asks-first", "GetConnection sends nothing", "asks-first/1", stimulus="gone"),
    Harmless(
        "once",
        "rows of other things in the table are nobody's",
        "once/1",
        stimulus="twice",
        backends=("plain",),
    ),
    Harmless("deletes-twice", "deleting is idempotent", "deletes-twice/1", "disconnect", "leave"),
    Harmless("replies", "what answers a client's own message is no push", "replies/1", "subscribe", "few"),
    Harmless("members-sorted", "the JSON value is the same", "members-sorted/1", stimulus="few"),
    Harmless("trailing-zero", "0.10 and 0.1 are the same decimal", "trailing-zero/1", stimulus="few"),
    Harmless(
        "in-a-batch",
        "the published value is held whole: told once as wrapped",
        "in-a-batch/1",
        stimulus="few",
    ),
    Harmless(
        "first-record-only, straight from SNS",
        "SNS hands a function one record at a time",
        "first-record-only/1",
        stimulus="burst",
        backends=("plain", "wrapped"),
    ),
    Harmless(
        "never-delete, 1 in 10, with more events to come",
        "the next event meets the same 410, and its deletion is in time",
        "never-delete/10",
        stimulus="gone-again",
    ),
    Harmless("reorder, where no order is claimed", "SNS promises none"),
    Harmless("reorder, 1 in 1", "who holds back every push keeps their order: it is `late`"),
    Harmless("alter-string, under `feed.payload: any`", "the feed says that payloads are not judged"),
    Harmless("drop of a push to who is gone already", "nobody could have received it"),
)
"""Changes that must turn nothing red."""

LATER: tuple[Later, ...] = (
    Later("a throttled post is not tried again", "posts that are throttled (429)"),
    Later("a failed post is taken for a 410 and its row deleted", "posts that fail with 5xx"),
    Later("a lookup that fails is taken for an empty room", "requests to the table that fail"),
    Later(
        "what a crash interrupted is pushed again to those who had it",
        "a crash in the middle of an invocation",
    ),
    Later("what a time-out interrupted is never pushed", "invocations that are cut off in the middle"),
    Later("a batch is reported as done though one of its posts failed", "posts that fail with 5xx"),
)
"""Defects that wait for faults."""


def mutants_on(backend: str, *, every_rate: bool = False) -> tuple[Mutant, ...]:
    """The backend's mutants: of each fault of a function the one with the smallest rate, or all."""
    there = (one for one in MUTANTS if backend in one.backends)
    alike = itertools.groupby(there, key=lambda one: (one.fault, one.function))
    return tuple(one for _, rates in alike for one in (rates if every_rate else [_rarest(rates)]))


def _rarest(rates: Iterable[Mutant]) -> Mutant:
    return max(rates, key=lambda one: one.every)


def harmless_on(backend: str) -> tuple[Harmless, ...]:
    """What is played on the backend and must turn nothing red."""
    return tuple(one for one in EQUIVALENT if backend in one.backends and one.stimulus)
