"""What is published to a topic elsewhere and has not come back."""

from harness.emulator.elsewhere.outstanding import Outstanding

FIRST, SECOND = ("subscription", "1"), ("subscription", "2")


def test_a_message_is_awaited_from_its_publish_until_it_arrives() -> None:
    outstanding = Outstanding()
    counts = [outstanding.count]
    outstanding.publishing()
    counts.append(outstanding.count)
    assert outstanding.published([FIRST, SECOND]) == {FIRST, SECOND}
    counts.append(outstanding.count)
    outstanding.arrived(FIRST)
    counts.append(outstanding.count)
    outstanding.arrived(SECOND)
    assert [*counts, outstanding.count] == [0, 1, 2, 1, 0]


def test_a_notification_may_come_before_the_answer_to_its_publish() -> None:
    outstanding = Outstanding()
    outstanding.publishing()
    outstanding.arrived(FIRST)
    assert outstanding.published([FIRST]) == frozenset()
    assert outstanding.count == 0


def test_an_early_notification_is_kept_until_the_last_publish_is_answered() -> None:
    outstanding = Outstanding()
    outstanding.publishing()
    outstanding.publishing()
    outstanding.arrived(SECOND)
    outstanding.published([FIRST])
    outstanding.published([SECOND])
    outstanding.arrived(FIRST)
    assert outstanding.count == 0


def test_what_others_published_and_what_comes_twice_changes_nothing() -> None:
    outstanding = Outstanding()
    outstanding.arrived(FIRST)
    outstanding.publishing()
    outstanding.published([FIRST])
    outstanding.arrived(SECOND)
    assert outstanding.count == 1
    outstanding.arrived(FIRST)
    outstanding.arrived(FIRST)
    assert outstanding.count == 0


def test_a_publish_that_failed_awaits_nothing() -> None:
    outstanding = Outstanding()
    outstanding.publishing()
    outstanding.published([])
    assert outstanding.count == 0


def test_giving_up_names_what_had_not_come() -> None:
    outstanding = Outstanding()
    outstanding.publishing()
    coming = outstanding.published([FIRST, SECOND])
    outstanding.arrived(FIRST)
    assert outstanding.give_up(coming) == {SECOND}
    assert outstanding.count == 0
