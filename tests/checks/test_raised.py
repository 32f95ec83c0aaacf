import pytest

from harness.checks.raised import raised_at

PYTHON = """\
[ERROR] RuntimeError: no metrics
Traceback (most recent call last):
  File "/var/task/ws/fan_out.py", line 4, in inner
    return rows[0]
IndexError: list index out of range

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/var/task/ws/fan_out.py", line 31, in handler
    inner(event)
  File "/var/task/ws/posts.py", line 7, in inner
    client.post()
  File "/opt/python/lib/python3.11/site-packages/botocore/client.py", line 553, in _api_call
    raise RuntimeError("no metrics")"""
NODE = (
    '2026-11-30T13:43:57Z\tr1\tERROR\tInvoke Error \t{"errorType":"TypeError","stack":["TypeError: no",'
    '"    at post (file:///var/task/node_modules/aws-sdk/index.js:9:1)",'
    '"    at inner (file:///var/task/dist/mine.mjs:12:165)","    at handler (file:///var/task/dist/mine.mjs:2:95)",'
    '"    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"]}'
)


@pytest.mark.parametrize(
    ("logged", "place"),
    [
        pytest.param(
            PYTHON, "ws/posts.py:7", id="the innermost line that is no library's, of the last trace"
        ),
        pytest.param(NODE, "dist/mine.mjs:12", id="of Node.js"),
        pytest.param(
            "Error: x\n    at /var/task/index.js:3:7", "task/index.js:3", id="outside of any function"
        ),
        pytest.param(
            'Traceback (most recent call last):\n  File "/x/site-packages/a/b.py", line 2, in c',
            "a/b.py:2",
            id="a library's, when there is no other",
        ),
        pytest.param("Task timed out after 3.00 seconds", None, id="no trace"),
        pytest.param("posted at 10:31:07, looked at /a:1", None, id="words"),
    ],
)
def test_where_an_error_was_raised(logged: str, place: str | None) -> None:
    assert raised_at(logged) == place
