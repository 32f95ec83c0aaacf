"""fanout-harness: a local AWS for real-time WebSocket fan-out, and the harness that judges it."""

__version__ = "0.1.0"
