from harness.emulator.lambda_runtime.pool import Pool


def a_pool(*, limit: int = 8, starting: str = "", idle: str = "", waiting: str = "") -> Pool[str, str]:
    pool = Pool[str, str](limit)
    for environment in idle + starting:
        pool.started(environment)
    for at, environment in enumerate(idle):
        pool.freed(environment, at=float(at))
    pool.waiting.extend(waiting)
    return pool


def test_the_most_recently_used_environment_takes_the_longest_waiting_invocation() -> None:
    pool = a_pool(idle="abc", waiting="12")
    assert [pool.match(), pool.match(), pool.match()] == [("c", "1"), ("b", "2"), None]


def test_a_freed_environment_is_the_most_recently_used() -> None:
    pool = a_pool(idle="ab", waiting="12")
    pool.match()
    pool.match()
    pool.freed("b", at=5.0)
    pool.freed("a", at=6.0)
    pool.waiting.append("3")
    assert pool.match() == ("a", "3")


def test_without_an_idle_environment_invocations_wait() -> None:
    assert a_pool(starting="a", waiting="1").match() is None


def test_an_environment_is_wanted_for_each_invocation_without_one() -> None:
    assert a_pool(waiting="123").starts_wanted == 3


def test_a_start_under_way_serves_one_that_waits() -> None:
    assert a_pool(starting="ab", waiting="123").starts_wanted == 1


def test_more_starts_than_invocations_want_none() -> None:
    assert a_pool(starting="ab", waiting="1").starts_wanted == 0


def test_no_more_environments_than_the_limit_are_wanted() -> None:
    pool = a_pool(limit=3, starting="a", idle="b", waiting="12345")
    assert (pool.starts_wanted, pool.size) == (1, 2)


def test_concurrency_counts_what_runs_and_what_waits() -> None:
    pool = a_pool(idle="a", waiting="123")
    pool.match()
    assert pool.concurrency == 3


def test_the_least_recently_used_are_idle_longest() -> None:
    pool = a_pool(idle="abc")
    assert (pool.idle(), pool.oldest_idle_at, pool.idle_since(1.0)) == (("a", "b", "c"), 0.0, ("a", "b"))


def test_a_removed_environment_is_forgotten() -> None:
    pool = a_pool(idle="a")
    pool.removed("a")
    assert (pool.size, pool.oldest_idle_at, pool.is_idle("a")) == (0, None, False)


def test_an_environment_that_has_returned_serves_one_that_waits() -> None:
    pool = a_pool(idle="a", waiting="1")
    pool.match()
    pool.returned("a")
    pool.waiting.extend("23")
    assert (pool.concurrency, pool.waits_for_returned, pool.starts_wanted) == (2, True, 1)


def test_an_environment_that_returned_and_does_not_ask_serves_nobody() -> None:
    pool = a_pool(idle="a", waiting="1")
    pool.match()
    pool.returned("a")
    pool.waiting.append("2")
    pool.give_up_returned()
    assert (pool.concurrency, pool.waits_for_returned, pool.starts_wanted) == (2, False, 1)
