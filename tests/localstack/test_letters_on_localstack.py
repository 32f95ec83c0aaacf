"""Letters reach queues and topics of LocalStack as they reach those of a second emulator."""

from tests.hybrid.test_letters_elsewhere import *  # noqa: F403 - the tests themselves
