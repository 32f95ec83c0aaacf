"""Plain text: how reports write what came from outside, so that no terminal and no XML parser stumbles over it."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.checks.verdict import Evidence

# What XML 1.0 cannot hold, and what moves a terminal's cursor or colours it: all controls but tab and newline.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]"
)


def plain(text: str) -> str:
    """The text with a U+FFFD in place of each control character; tab and newline stay."""
    return _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n"))


def told(evidence: "Evidence", *, timeline_at: float) -> str:
    """One line: the time from the timeline's begin, and what was seen: `+1.203 s  eth/2 received e17: {...}`."""
    return f"{evidence.at - timeline_at:+.3f} s  {plain(evidence.words)}"
