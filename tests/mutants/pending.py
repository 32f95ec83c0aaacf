"""What the judge does not tell rightly yet, by backend and name; a name that it does tell has to go from here."""

from collections.abc import Mapping

_EVERYWHERE = {
    "leak-without-id, 1 in 300",
    "leak-in-a-batch, 1 in 300",
    "leak-in-own-words, 1 in 300",
    "strip-id, 1 in 300",
    "own-json, 1 in 300",
    "truncate, 1 in 300",
    "alter-string, 1 in 300",
    "alter-number, 1 in 300",
    "alter-number-beyond-a-double, 1 in 300",
    "alter-whole-number, 1 in 300",
    "number-as-string, 1 in 300",
    "repeat-member, 1 in 300",
    "stale, 1 in 300",
    "wrong-id, 1 in 300",
    "late, 1 in 300",
    "wrong-stage, 1 in 300",
    "no-stage, 1 in 300",
    "unset-endpoint, 1 in 300",
    "purge-live, 1 in 300",
    "connect-answers-none in connect, 1 in 10",
    "connect-answers-500 in connect, 1 in 10",
    "ttl-by-another-name in connect, 1 in 1",
    "ttl-in-milliseconds in connect, 1 in 10",
    "ttl-in-the-past in connect, 1 in 10",
    "subscribe-answers-500 in subscribe, 1 in 10",
    "disconnect-answers-500 in disconnect, 1 in 10",
    "keep-row in disconnect, 1 in 10",
    "recreate-after-disconnect in disconnect, 1 in 10",
    "asks-first",
    "in-a-batch",
}

PENDING: Mapping[str, frozenset[str]] = {
    "plain": frozenset(_EVERYWHERE),
    "wrapped": frozenset(
        _EVERYWHERE
        | {
            "duplicate, 1 in 300",
            "misroute, 1 in 300",
            "leak, 1 in 300",
            "invent, 1 in 300",
            "add-member, 1 in 300",
            "lose-member, 1 in 300",
            "reorder, 1 in 300",
            "slow, 1 in 300",
            "raise-after, 1 in 10",
            "swallow, 1 in 10",
            "never-delete, 1 in 10",
            "wrong-row, 1 in 10",
            "recreate-row, 1 in 10",
            "post-to-gone, 1 in 10",
            "wrong-room in connect, 1 in 10",
            "old-room-stays in subscribe, 1 in 10",
            "wrong-row in disconnect, 1 in 10",
            "backwards",
            "sorted",
            "threads",
            "gathered",
            "retries",
            "deletes-twice",
            "replies",
            "members-sorted",
            "trailing-zero",
            "first-record-only, straight from SNS",
            "never-delete, 1 in 10, with more events to come",
            "drop, 1 in 300",
            "return-early, 1 in 10",
            "no-row in connect, 1 in 10",
            "no-row in subscribe, 1 in 10",
        }
    ),
    "queued": frozenset(
        _EVERYWHERE
        | {
            "return-early, 1 in 10",
            "drop, 1 in 300",
            "first-record-only, 1 in 1",
            "no-row in connect, 1 in 10",
        }
    ),
}
