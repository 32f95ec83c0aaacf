"""JSON with names that lack their quotes, as JavaScript writes it, made strict (R-9)."""

import re

# Strings are skipped whole; a bare word before a colon is a name.
_STRING_OR_NAME = re.compile(r"""("(?:[^"\\]|\\.)*"?)|([A-Za-z_$][\w$]*)(?=\s*:)""", re.DOTALL)


def with_quoted_names(text: str) -> str:
    """The text with quotes around each bare name; what is JSON already stays as it is."""
    return _STRING_OR_NAME.sub(lambda match: match[1] or f'"{match[2]}"', text)
