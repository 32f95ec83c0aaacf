"""Skipped tests: what was missing on this machine, and what would bring them back, one line for each thing."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

THINGS: Sequence[tuple[str, str, str]] = (
    (r"chromium", "Chromium", "`apt install chromium`"),
    (r"docker compose", "Docker's compose", "a Docker engine with its compose plug-in"),
    (r"docker", "Docker", "a running Docker engine"),
    (r"\bjavac?\b|\bJDK\b", "Java", "a JDK, version 17 or newer (`apt install default-jdk-headless`)"),
    (r"node is|node\.js", "Node.js", "Node.js 20 or newer, with npm"),
    (r"does not reach its registry|npm did not|npm cannot", "npm's registry", "a way to it"),
    (r"npm|esbuild|install-sdk", "packages of npm", "Node.js and npm, and then `make test` installs them"),
    (r"ministack", "ministack", "`make test-elsewhere` installs it"),
    (r"localstack here", "LocalStack", "`make localstack-install`"),
    (r"testcontainers", "testcontainers", "`pip install -e '.[test]'`"),
    (r"dynamodb local|test-dynamodb-oracle", "DynamoDB Local", "`make test-dynamodb-oracle` asks for them"),
    (r"\bmake is", "make", "`apt install make`"),
    (r"linux's", "Linux", "a Linux kernel"),
)
"""Of the reasons that match a pattern: what was missing, and what to do about it. The first that matches counts."""


def skipped_lines(reasons: Iterable[str]) -> list[str]:
    """A line for each thing that was missing, most tests first; a reason that nobody foresaw is told as it is."""
    missing = Counter(_told(reason.removeprefix("Skipped: ")) for reason in reasons)
    return [f"SKIPPED: {_tests(number)} {words}" for words, number in missing.most_common()]


def thing_missing(reason: str) -> tuple[str, str] | None:
    """What was missing and what brings it back; None for a reason that nobody foresaw."""
    found = (one for pattern, *one in THINGS if re.search(pattern, reason, re.IGNORECASE))
    thing = next(found, None)
    return None if thing is None else (thing[0], thing[1])


def _told(reason: str) -> str:
    thing = thing_missing(reason)
    return f"({reason})" if thing is None else f"without {thing[0]}; what brings them back: {thing[1]}"


def _tests(number: int) -> str:
    return f"{number} test" if number == 1 else f"{number:,} tests"
