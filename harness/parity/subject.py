"""Subjects of measuring: the backends that the command line names, opened one by one."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from harness.backends.backend import Backend
from harness.backends.choice import BackendChoice, Kind, choose
from harness.backends.opening import open_backend
from harness.errors import UsageError
from harness.stack.model import Api, Stack

REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Choice:
    """A backend that was asked for, and what it is called in the table."""

    name: str
    backend: BackendChoice


@dataclass(frozen=True, slots=True)
class Subject:
    """A backend, as far as claims need it.

    `urls` gives an API's addresses; `variables` is what its functions need in their environment. `answers` returns
    while the backend, and what it stands on, is there, and raises BackendError after that.
    """

    name: str
    endpoint: str
    urls: Callable[[str, str], Mapping[str, str]]
    answers: Callable[[], Awaitable[object]]
    parts: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


def chosen(
    environment: Mapping[str, str],
    *,
    backends: Sequence[str] = (),
    endpoint_urls: Sequence[str] = (),
    hybrid: bool = False,
) -> tuple[Choice, ...]:
    """The backends that were asked for; what the environment names, else the embedded one, when none was.

    An endpoint is written `URL` or `NAME=URL`. UsageError for what is neither, for an unknown backend, for AWS, which
    nothing may be deployed to by the way, and for two of the same name.
    """
    choices = [_backend(environment, name, hybrid) for name in backends]
    choices += [_endpoint(environment, text, hybrid) for text in endpoint_urls]
    choices = choices or [_backend(environment, None, hybrid)]
    names = [choice.name for choice in choices]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(
            f"{twice} is named twice; --endpoint-url NAME=URL gives an endpoint a name of its own"
        )
    return tuple(choices)


def _backend(environment: Mapping[str, str], name: str | None, hybrid: bool) -> Choice:
    is_elsewhere = name not in (None, Kind.EMBEDDED, Kind.AWS)
    choice = choose(environment, backend=name, hybrid=hybrid and is_elsewhere)
    if choice.kind is Kind.AWS:
        raise UsageError(
            "--backend aws: claims are measured with APIs of their own, and none is deployed to AWS"
        )
    return Choice(choice.kind.value, choice)


def _endpoint(environment: Mapping[str, str], text: str, hybrid: bool) -> Choice:
    name, equals, url = text.partition("=")
    if not equals or "://" in name:
        name, url = "", text
    choice = choose(environment, backend=Kind.ENDPOINT, endpoint_url=url, hybrid=hybrid)
    return Choice(name or urlsplit(choice.url).netloc, choice)


NO_STACK = Stack(name="parity", region=REGION, functions={}, api=Api(name="parity", routes={}))
"""What a backend is opened for: every claim deploys what it needs by itself."""


@asynccontextmanager
async def opened(choice: Choice) -> AsyncIterator[Subject]:
    """The backend, running; what this starts ends with the context. BackendError when it does not answer."""
    async with open_backend(choice.backend, NO_STACK) as backend:
        yield subject_of(backend, choice.name)


def subject_of(backend: Backend, name: str) -> Subject:
    """A running backend as a subject of that name."""
    traits = backend.traits
    return Subject(name, backend.endpoint, backend.urls, backend.seen, traits.parts, traits.variables)
