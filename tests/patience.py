"""Patience of tests: the one bound of waits for an event. Only what hangs meets it, however busy the machine is."""

WAIT = 60.0  # seconds

LONGEST_POLL = 20
"""Seconds that SQS lets a ReceiveMessage wait for a message, which is less."""
