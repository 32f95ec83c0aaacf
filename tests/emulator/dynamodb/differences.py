"""Where does our DynamoDB answer otherwise than DynamoDB Local, and why?"""

from collections.abc import Sequence

from tests.emulator.dynamodb.corpus_format import read_corpus


def differences() -> Sequence[tuple[str, str]]:
    """(what, why), for docs/parity.md: each reason once, with the first case that shows it and how many do."""
    cases: dict[str, list[str]] = {}
    for one in read_corpus():
        if one.case.differs:
            cases.setdefault(one.case.differs, []).append(f"{one.theme}: {one.case.name}")
    return [
        (names[0] if len(names) == 1 else f"{names[0]}, and {len(names) - 1} more", reason)
        for reason, names in cases.items()
    ]


if __name__ == "__main__":
    for what, why in differences():
        print(f"- {what}: {why}")
