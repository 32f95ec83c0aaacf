"""Plain text: how what came from outside is written, so that no terminal and no XML parser stumbles over it.

This is the one place that cleans and caps such text: reports, commands and errors write it through `plain`, `brief`
or `escaped`.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.checks.verdict import Evidence

MOST = 2000
"""Characters of one text that `brief` keeps."""

# What XML 1.0 cannot hold, and what moves a terminal's cursor, colours it or turns the reading direction: all
# controls but tab and newline, the marks and embeddings of bidirectional text, and invisible tags.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
    "\U000e0000-\U000e007f]"
)


def plain(text: str) -> str:
    """The text with a U+FFFD in place of each control character; tab and newline stay."""
    return _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n"))


def brief(text: str) -> str:
    """The same, cut after `MOST` characters; what is left out is counted."""
    kept = plain(text[:MOST])
    return kept if len(text) <= MOST else f"{kept}… ({len(text) - MOST} characters more)"


def told(evidence: "Evidence", *, timeline_at: float) -> str:
    """One line: the time from the timeline's begin, and what was seen: `+1.203 s  eth/2 received e17: {...}`."""
    return f"{evidence.at - timeline_at:+.3f} s  {brief(evidence.words)}"


def escaped(document: str) -> str:
    """A JSON document with its control characters as JSON's own escapes: the same value, harmless on a terminal."""
    return _UNPRINTABLE.sub(lambda found: _escape(found[0]), document)


def _escape(character: str) -> str:
    """`\\u202e`; beyond the first plane, a pair of surrogates. JSON has no way to write half a character: `?`."""
    if "\ud800" <= character <= "\udfff":
        return "?"
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
