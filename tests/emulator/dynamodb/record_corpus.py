"""Records the corpus from AWS's DynamoDB Local: `python -m tests.emulator.dynamodb.record_corpus [--endpoint URL]`.

Without an endpoint it installs and starts DynamoDB Local itself. It empties what it finds there before each case.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

from tests.emulator.dynamodb.corpus_cases import TABLES
from tests.emulator.dynamodb.corpus_format import Call, Recorded, in_process, over_http, play, write_theme
from tests.emulator.dynamodb.corpus_requests import THEMES
from tests.oracle.dynamodb_local import dynamodb_local
from tests.oracle.known_differences import why_different


def record(call: Call) -> int:
    """Plays every case of every theme and writes the files; returns how many cases there are."""
    count = 0
    for theme, cases in THEMES.items():
        recorded = []
        for case in cases():
            empty(call)
            recorded.append(excused(Recorded(theme, case, play(case, call, TABLES))))
        write_theme(theme, named_once(recorded))
        count += len(recorded)
    return count


def named_once(recorded: Sequence[Recorded]) -> list[Recorded]:
    """With a number behind a name that came before."""
    seen: Counter[str] = Counter()
    named = []
    for one in recorded:
        seen[one.case.name] += 1
        times = seen[one.case.name]
        name = one.case.name if times == 1 else f"{one.case.name} ({times})"
        named.append(replace(one, case=replace(one.case, name=name)))
    return named


def excused(one: Recorded) -> Recorded:
    """With AWS's answer and the reason, where DynamoDB Local is known to answer otherwise."""
    case = one.case
    if case.here or case.aws:
        return one
    ours = play(case, in_process(), TABLES)
    why = None
    if ours != one.local:
        why = why_different(case.operation, case.request, local=one.local, ours=ours)
    return one if why is None else replace(one, case=replace(case, aws=ours, differs=why))


def empty(call: Call) -> None:
    """Deletes every table."""
    for name in call("ListTables", {})["answer"]["TableNames"]:
        call("UpdateTable", {"TableName": name, "DeletionProtectionEnabled": False})
        call("DeleteTable", {"TableName": name})


def main() -> None:
    parser = argparse.ArgumentParser(prog="record_corpus", description=__doc__)
    parser.add_argument("--endpoint", help="of a DynamoDB Local; all its tables are deleted")
    endpoint = parser.parse_args().endpoint
    with nullcontext(endpoint) if endpoint else dynamodb_local() as where:
        print(f"{record(over_http(where))} cases recorded")


if __name__ == "__main__":
    main()
