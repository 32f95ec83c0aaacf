"""Whole runs on other backends: `make test-elsewhere`. What they stand on is that of tests/backends."""

from tests.backends.aws.conftest import there
from tests.backends.conftest import emulator, harness, start

__all__ = ["emulator", "harness", "start", "there"]
