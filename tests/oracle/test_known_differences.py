"""Does a rule excuse what it is for, and nothing else?"""

import pytest

from tests.emulator.dynamodb.corpus_format import Body
from tests.oracle.known_differences import KEYS, why_different

KEY_ELEMENT = "The provided key element does not match the schema"


def an_error(message: str, code: str = "ValidationException") -> Body:
    return {"error": {"code": code, "message": message}}


def test_another_wording_of_the_same_mistake_is_explained() -> None:
    local = an_error("The number of conditions on the keys is invalid")
    assert why_different("GetItem", {}, local=local, ours=an_error(KEY_ELEMENT)) == KEYS


@pytest.mark.parametrize(
    ("local", "ours"),
    [
        pytest.param({"answer": {}}, an_error(KEY_ELEMENT), id="we refuse what Local does"),
        pytest.param(an_error(KEY_ELEMENT), {"answer": {}}, id="we do what Local refuses"),
        pytest.param(an_error(KEY_ELEMENT), an_error("The conditional request failed"), id="another mistake"),
        pytest.param(
            an_error("The number of conditions on the keys is invalid"),
            an_error(KEY_ELEMENT, "ConditionalCheckFailedException"),
            id="another code",
        ),
        pytest.param({"answer": {"Item": {"a": {"N": "1"}}}}, {"answer": {"Item": {}}}, id="another item"),
    ],
)
def test_anything_else_is_not(local: Body, ours: Body) -> None:
    assert why_different("GetItem", {}, local=local, ours=ours) is None


def test_a_nested_update_may_return_less_than_local_but_nothing_else() -> None:
    request = {"ReturnValues": "UPDATED_NEW"}
    whole = {"answer": {"Attributes": {"m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}}}}
    part = {"answer": {"Attributes": {"m": {"M": {"x": {"N": "1"}}}}}}
    other = {"answer": {"Attributes": {"m": {"M": {"x": {"N": "3"}}}}}}
    assert why_different("UpdateItem", request, local=whole, ours=part) is not None
    assert why_different("UpdateItem", request, local=whole, ours=other) is None
