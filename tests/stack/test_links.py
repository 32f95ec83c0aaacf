"""Links of functions, as SST's SDK reads them."""

import json
from collections.abc import Mapping

import pytest

from harness.stack.links import link_variables, linkable
from harness.stack.model import Api, Function, LinkStyle, Route, Stack, Table, Topic

OUTPUTS = {
    "api.url": "ws://x/prod",
    "api.management_endpoint": "http://x/prod",
    "tables.rows.name": "Rows",
    "topics.news.arn": "arn:news",
    "functions.hello.name": "chat-hello",
}


def a_stack(links: dict[str, str], link_style: LinkStyle = "variables") -> Stack:
    return Stack(
        name="chat",
        tables={"rows": Table(name="Rows", hash_key="pk")},
        topics={"news": Topic(name="News")},
        functions={
            "hello": Function(handler="app.handler", runtime="nodejs22.x", links=links, link_style=link_style)
        },
        api=Api(name="api", routes={"$default": Route(function="hello")}),
    )


def a_link_file(links: bytes) -> Mapping[str, str]:
    """Keeps the links where the test can read them."""
    return {"FILE": links.decode()}


def variables(links: dict[str, str], link_style: LinkStyle = "variables") -> dict[str, object]:
    stack = a_stack(links, link_style)
    found = link_variables(stack, stack.functions["hello"], OUTPUTS, a_link_file)
    return {name: json.loads(value) for name, value in found.items()}


APP = {"name": "chat", "stage": "dev"}


@pytest.mark.aws("T3-1", "T3-5", "T3-9", "T3-10", "T3-11", "T3-12")
@pytest.mark.parametrize(
    ("target", "value"),
    [
        (
            "api",
            {
                "managementEndpoint": "http://x/prod",
                "type": "sst:aws:ApiGatewayWebSocket",
                "url": "ws://x/prod",
            },
        ),
        ("tables.rows", {"name": "Rows", "type": "sst:aws:Dynamo"}),
        ("topics.news", {"arn": "arn:news", "type": "sst:aws:SnsTopic"}),
        ("functions.hello", {"name": "chat-hello", "type": "sst:aws:Function"}),
    ],
)
def test_link_is_a_variable(target: str, value: dict[str, str]) -> None:
    assert variables({"Linked": target}) == {"SST_RESOURCE_App": APP, "SST_RESOURCE_Linked": value}


@pytest.mark.aws("T3-4")
def test_under_sst_dev_code_is_told_so() -> None:
    assert variables({"Rows": "tables.rows"}, "dev") == {
        "SST_RESOURCE_App": APP,
        "SST_RESOURCE_Rows": {"name": "Rows", "type": "sst:aws:Dynamo"},
        "SST_LIVE": True,
        "SST_DEV": True,
    }


@pytest.mark.aws("T3-3")
def test_deployed_links_are_in_the_file_only() -> None:
    assert variables({"Rows": "tables.rows"}, "file") == {
        "SST_RESOURCE_App": APP,
        "FILE": {"Rows": {"name": "Rows", "type": "sst:aws:Dynamo"}},
    }


@pytest.mark.parametrize("link_style", ["variables", "dev", "file"])
def test_function_without_links_knows_nothing_of_sst(link_style: LinkStyle) -> None:
    assert variables({}, link_style) == {}


def test_what_can_be_linked() -> None:
    assert list(linkable(a_stack({}))) == ["api", "tables.rows", "topics.news", "functions.hello"]
