"""Functions that topics elsewhere know by an address."""

from harness.emulator.elsewhere.subscriptions import SubscribedFunction, attributes_of, shown_as_functions
from harness.emulator.sns.publish import Publication

ONE = SubscribedFunction("x", "http://here/_harness/sns/x", "arn:topic", "arn:function")


def member(protocol: str, endpoint: str) -> str:
    return f"<member><Protocol>{protocol}</Protocol><Endpoint>{endpoint}</Endpoint></member>"


def test_only_our_own_addresses_are_shown_as_functions() -> None:
    other = member("http", "http://elsewhere/hook")
    assert shown_as_functions(f"<l>{other}{member('http', ONE.address)}{other}</l>", [ONE]) == (
        f"<l>{other}{member('lambda', 'arn:function')}{other}</l>"
    )


def test_the_attributes_of_a_subscription_are_those_of_a_function() -> None:
    def entries(protocol: str, endpoint: str) -> str:
        return (
            f"<entry><key>Protocol</key><value>{protocol}</value></entry>"
            f"<entry><key>Endpoint</key><value>{endpoint}</value></entry>"
        )

    assert shown_as_functions(entries("http", ONE.address), [ONE]) == entries("lambda", "arn:function")


def test_attributes_of_a_subscribe_request_are_pairs_by_number() -> None:
    form = {
        "Action": "Subscribe",
        "Attributes.entry.1.key": "FilterPolicy",
        "Attributes.entry.1.value": "{}",
        "Attributes.entry.2.value": "MessageBody",
        "Attributes.entry.2.key": "FilterPolicyScope",
    }
    assert attributes_of(form) == {"FilterPolicy": "{}", "FilterPolicyScope": "MessageBody"}


def test_a_function_gets_what_its_own_topic_publishes() -> None:
    assert ONE.gets(Publication("arn:topic", "hello"))
    assert not ONE.gets(Publication("arn:other", "hello"))
