"""Responses of functions to batches: which records failed. ReportBatchItemFailures, in values.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html: nothing said is a success; what cannot
be understood is a failure of the whole batch.
"""

from collections.abc import Mapping, Sequence

import orjson

_KEY = "batchItemFailures"


def failed_items(payload: bytes, identifiers: Sequence[str]) -> frozenset[str]:
    """The identifiers of the records that failed, out of all of the batch's.

    An identifier is a message id (queues) or a sequence number (streams).
    """
    everything = frozenset(identifiers)
    try:
        answer = orjson.loads(payload or b"null")
    except orjson.JSONDecodeError:
        return everything
    if answer is None or answer == {}:
        return frozenset()
    if not isinstance(answer, dict):
        return everything
    listed = answer.get(_KEY)
    if listed is None:
        return frozenset()
    failed = [_identifier(one) for one in listed] if isinstance(listed, list) else [""]
    return frozenset(failed) if everything.issuperset(failed) else everything


def _identifier(item: object) -> str:
    """ "" for what names no record."""
    identifier = item.get("itemIdentifier") if isinstance(item, Mapping) else None
    return identifier if isinstance(identifier, str) else ""
