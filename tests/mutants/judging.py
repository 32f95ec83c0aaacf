"""What is wrong with what the judge said of a mutant; pure."""

import re

from tests.mutants.catalogue import Harmless, Mutant
from tests.mutants.playing import Told


def wrong(played: Mutant | Harmless, said: Told) -> str:
    """Why the verdict is not the one that the catalogue asks for; empty when it is."""
    if isinstance(played, Harmless):
        red = (*said.failed, *said.unknown)
        return f"not green: {', '.join(red)}" if red else ""
    if said.broken:
        return said.broken
    if played.check not in said.failed:
        return f"{played.check} is not red ({', '.join(said.failed) or 'nothing is'})"
    if not re.search(played.cause, said.first, re.IGNORECASE | re.DOTALL):
        return "another cause stands first"
    return ""
