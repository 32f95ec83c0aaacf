"""Does every case of the corpus give, through our wire protocol, what AWS gives?"""

import pytest

from tests.emulator.dynamodb.corpus_cases import TABLES
from tests.emulator.dynamodb.corpus_format import Recorded, in_process, play, read_corpus
from tests.emulator.dynamodb.differences import differences

CORPUS = read_corpus()


@pytest.mark.parametrize("recorded", CORPUS, ids=lambda one: f"{one.theme}: {one.case.name}")
def test_the_answer_is_that_of_aws(recorded: Recorded) -> None:
    assert play(recorded.case, in_process(), TABLES) == recorded.expected


def test_the_corpus_is_large_and_names_each_case_once() -> None:
    names = [(one.theme, one.case.name) for one in CORPUS]
    assert len(names) == len(set(names))
    assert len(names) >= 400


def test_whatever_differs_says_why() -> None:
    explained = {one.case.name for one in CORPUS if one.case.differs}
    overridden = {one.case.name for one in CORPUS if one.case.aws or one.case.here}
    assert explained == overridden
    assert all(reason for _, reason in differences())
