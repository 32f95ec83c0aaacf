"""Identifiers of Lambda: request ids, credentials and traces, drawn from the chance that is passed in."""

import base64
import string
import uuid
from random import Random

from harness.emulator.lambda_runtime.outcome import RequestId
from harness.emulator.lambda_runtime.variables import Credentials

_BASE32 = string.ascii_uppercase + "234567"


def request_id(random: Random) -> RequestId:
    """A UUID, version 4."""
    return RequestId(str(uuid.UUID(int=random.getrandbits(128), version=4)))


def credentials(random: Random) -> Credentials:
    """Temporary credentials of a role: `ASIA` and 16 characters of base32."""
    return Credentials(
        "ASIA" + "".join(random.choices(_BASE32, k=16)),
        base64.b64encode(random.randbytes(30)).decode(),
        base64.b64encode(random.randbytes(240)).decode(),
    )


def hex_digits(random: Random, count: int) -> str:
    """So many lower-case hexadecimal digits; `count` is even."""
    return random.randbytes(count // 2).hex()


def trace_id(random: Random, at: float) -> str:
    """An X-Ray trace header; `at` in seconds since the epoch."""
    return f"Root=1-{int(at):08x}-{hex_digits(random, 24)};Parent={hex_digits(random, 16)};Sampled=0"
