"""What is measured: a name, an endpoint, and the addresses that its WebSocket APIs get there.

A `Backend` is one. This module is the one place where the names on the command line become subjects.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from harness.backends.embedded import EmbeddedBackend, emulator_urls
from harness.errors import UsageError

REGION = "us-east-1"


class Subject(Protocol):
    """An AWS-compatible endpoint; whoever opened it closes it."""

    @property
    def name(self) -> str:
        """What it is called in the table."""

    @property
    def endpoint(self) -> str:
        """The URL that AWS clients are given."""

    def urls(self, api_id: str, stage: str) -> Mapping[str, str]:
        """`url` for WebSocket clients and `management_endpoint` for @connections of a deployed API."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint that somebody else started; WebSocket APIs are where LocalStack's users look for them."""

    name: str
    endpoint: str

    def urls(self, api_id: str, stage: str) -> Mapping[str, str]:
        return emulator_urls(self.endpoint, api_id, stage)


@dataclass(frozen=True, slots=True)
class Choice:
    """A subject by its name on the command line; `endpoint` where it is a URL that was given."""

    name: str
    endpoint: str | None = None


def chosen(backends: Sequence[str], endpoint_urls: Sequence[str]) -> tuple[Choice, ...]:
    """The subjects that were asked for, each once; the embedded emulator when none was.

    An endpoint is `URL` or `NAME=URL`. UsageError for what is neither, and for two of the same name.
    """
    choices = [Choice(name) for name in backends] + [_endpoint(text) for text in endpoint_urls]
    names = [choice.name for choice in choices]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"{twice} is named twice; each is measured once: --endpoint-url NAME=URL tells two apart")
    return tuple(choices) or (Choice("embedded"),)


def _endpoint(text: str) -> Choice:
    name, equals, url = text.partition("=")
    name, url = (name, url) if equals and "://" not in name else ("", text)
    url = url.rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageError(f"--endpoint-url {text}: is no URL such as http://127.0.0.1:4566, or NAME=URL")
    return Choice(name or parts.netloc, url)


@asynccontextmanager
async def opened(choice: Choice) -> AsyncIterator[Subject]:
    """The subject, running; what this starts ends with the context. UsageError for a name that nobody has."""
    if choice.endpoint is not None:
        yield Endpoint(choice.name, choice.endpoint)
    elif choice.name == "embedded":
        async with EmbeddedBackend(region=REGION) as backend:
            yield backend
    else:
        raise UsageError(f"--backend {choice.name}: there is no such backend; name embedded, or an --endpoint-url")
