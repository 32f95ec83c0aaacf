"""Measures claims on one subject: each by itself, some at a time, and whatever it comes to is its finding."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from harness.errors import BackendError, one_error
from harness.parity.claim import Claim, Finding, found, not_answered, not_carried
from harness.parity.doors import WAIT, Doors, NotCarried
from harness.parity.subject import Subject

AT_ONCE = 4
"""Claims that are measured at the same time: enough not to wait for each time-out in turn."""


async def measured(
    subject: Subject, claims: Sequence[Claim], done: Callable[[], None]
) -> tuple[Finding, ...]:
    """The finding of each claim, in their order; `done` is called after each.

    BackendError when the subject does not answer at all any more. What was made there is deleted in the end.
    """
    places = asyncio.Semaphore(AT_ONCE)
    doors = Doors(subject)

    async def one(claim: Claim) -> Finding:
        async with places:
            finding = await asyncio.to_thread(finding_of, claim, doors)
            done()
            return finding

    try:
        with one_error():
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(claim)) for claim in claims]
    finally:
        await asyncio.to_thread(doors.close)
    return tuple(task.result() for task in tasks)


def finding_of(claim: Claim, doors: Doors) -> Finding:
    """What the claim shows here; an error on the way is a finding too, unless nobody is there any more."""
    try:
        return found(claim, claim.measure(doors))
    except NotCarried as lacking:
        _must_be_there(doors.subject)
        return not_carried(str(lacking))
    except Exception as error:  # a claim is a check: whatever ends it is what the backend shows
        _must_be_there(doors.subject)
        return not_answered(f"{type(error).__name__}: {error}")


def _must_be_there(subject: Subject) -> None:
    url = urlsplit(subject.endpoint)
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        socket.create_connection((url.hostname or "", port), timeout=WAIT).close()
    except OSError as error:
        raise BackendError(
            f"{subject.name} at {subject.endpoint} does not answer: {error.strerror or error}"
        ) from error
