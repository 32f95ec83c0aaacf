"""ARCHITECTURE.md is short, and leads to files that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "ARCHITECTURE.md").read_text()
LINES = 100

PATHS = sorted(set(re.findall(r"`((?:\w+/)+(?:\w+\.(?:py|csv))?)`", PAGE)))


def test_it_is_read_in_one_go() -> None:
    assert len(PAGE.splitlines()) < LINES


@pytest.mark.parametrize("path", PATHS)
def test_what_it_names_is_there(path: str) -> None:
    assert (ROOT / path).exists() or (ROOT / "harness" / path).exists()
