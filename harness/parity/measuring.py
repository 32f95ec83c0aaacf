"""Measuring claims: on one backend after the other, each claim by itself, and whatever it comes to is its result."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TypeAlias

from harness.errors import one_error
from harness.parity.claim import Claim, ClaimResult, Mark, found, not_answered, not_carried
from harness.parity.comparison import Column, Comparison
from harness.parity.doors import Doors, NotCarried
from harness.parity.subject import Choice, Subject, opened

AT_ONCE = 4
"""Claims that are measured at the same time: enough not to wait for each time-out in turn."""


Progress: TypeAlias = Callable[[str], AbstractContextManager[Callable[[], object]]]
"""Shows how far a backend of that name is, while it is entered; what it gives is called after each claim."""


async def compare(choices: Sequence[Choice], claims: Sequence[Claim], progress: Progress) -> Comparison:
    """What each backend shows of each claim.

    BackendError when a backend cannot be opened or ends in the middle; UsageError for an unknown one.
    """
    columns = []
    for choice in choices:
        with progress(choice.name) as done:
            async with opened(choice) as subject:
                columns.append(await measured(subject, claims, done))
    return Comparison(tuple(claims), tuple(columns))


async def measured(subject: Subject, claims: Sequence[Claim], done: Callable[[], object]) -> Column:
    """What the subject shows of each claim, in their order; `done` is called after each.

    BackendError when the subject does not answer at all any more. Whatever happens, claims that have begun come to
    their end, and then what was made there is deleted.
    """
    doors, threads = Doors(subject), ThreadPoolExecutor(AT_ONCE)

    async def one(claim: Claim) -> ClaimResult:
        result = await asyncio.get_running_loop().run_in_executor(threads, result_of, claim, doors)
        if result.mark is not Mark.AS_AWS:
            await subject.answers()
        done()
        return result

    try:
        with one_error():
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(claim)) for claim in claims]
    finally:
        await asyncio.to_thread(threads.shutdown, cancel_futures=True)
        left = await asyncio.to_thread(doors.close)
    results = tuple(task.result() for task in tasks)
    return Column(subject.name, subject.endpoint, subject.parts, results, left)


def result_of(claim: Claim, doors: Doors) -> ClaimResult:
    """What the claim shows here; an error on the way is a result too."""
    try:
        return found(claim, claim.measure(doors))
    except NotCarried as lacking:
        return not_carried(str(lacking))
    except Exception as error:  # a claim is a check: whatever ends it is what the backend shows
        return not_answered(f"{type(error).__name__}: {error}")
