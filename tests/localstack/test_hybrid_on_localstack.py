"""What holds with a second emulator elsewhere holds with LocalStack."""

from tests.hybrid.test_hybrid import *  # noqa: F403 - the tests themselves
