"""Fan-out: a matcher event that was published goes to everybody who is subscribed to it."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from dex.ws import environment
from dex.ws.channels import channels_of
from dex.ws.connections_table import ConnectionsTable, open_table
from dex.ws.lambda_events import LambdaContext, Notification, SnsEvent, json_object
from dex.ws.management_api import LONGEST_MESSAGE, ManagementApi, management_api

_log = logging.getLogger(__name__)

_LONGEST_HANDSHAKE = 30_000
"""Milliseconds: `$connect` has 29 seconds at most (R-19), so an older connection is open or gone, never opening."""

_OPENING_TAKES = 0.05
"""Seconds that API Gateway is given between the end of `$connect` and the open socket."""

_SHARE_OF_TIME = 0.8
"""How much of the remaining time posting may take; a timed-out invocation would be retried as a whole (S-10)."""

_DELETES_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Push:
    """A message and the channels that it goes to."""

    data: bytes
    channels: tuple[str, ...]


def handler(event: SnsEvent, context: LambdaContext) -> None:
    """Posts each record's message to all subscribers of its channels, and deletes the rows of those gone.

    Raises only for a table that cannot be read, when nobody has got that record's message: Lambda then tries
    again (S-10). For a connection that cannot be reached it only logs, since another attempt would send the
    message once more to everyone else.
    """
    fan_out = FanOut(
        open_table(),
        management_api(environment.management_endpoint()),
        lookup=environment.connection_lookup(),
        time_left=lambda: context.get_remaining_time_in_millis() / 1000,
    )
    unread: list[BotoCoreError | ClientError] = []
    for record in event["Records"]:
        push = push_of(record["Sns"])
        if push is None:
            continue
        try:
            fan_out.send(push)
        except (BotoCoreError, ClientError) as error:
            unread.append(error)
    if unread:
        raise unread[0]


def push_of(notification: Notification) -> Push | None:
    """What a notification asks to be pushed, its text unchanged; None, and a line in the log, for one that cannot."""
    text, message_id = notification["Message"], notification["MessageId"]
    matcher_event = json_object(text)
    if matcher_event is None:
        _log.error("message %s is skipped: it is not a JSON object", message_id)
        return None
    channels = channels_of(matcher_event)
    if not channels:
        _log.error("message %s is skipped: its %s names no receiver", message_id, matcher_event.get("type"))
        return None
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        _log.error("message %s is skipped: %s", message_id, error)
        return None
    if len(data) > LONGEST_MESSAGE:
        _log.error("message %s is skipped: its %d bytes are too many to post (413)", message_id, len(data))
        return None
    return Push(data, channels)


class FanOut:
    """Sends pushes to the subscribers that the table names; `time_left` tells the seconds that remain for it."""

    def __init__(
        self,
        table: ConnectionsTable,
        api: ManagementApi,
        *,
        lookup: environment.Lookup,
        time_left: Callable[[], float],
    ) -> None:
        self._table = table
        self._api = api
        self._lookup = lookup
        self._time_left = time_left

    def send(self, push: Push) -> None:
        """Posts the message to every subscriber; raises botocore's errors when they cannot be looked up.

        All pages are read before the first post, so that a page that cannot be read leaves nobody served.
        """
        subscribers = [
            connection_id
            for channel in push.channels
            for connection_id in self._table.subscribers(channel, lookup=self._lookup)
        ]
        gone = self._post(subscribers, push.data)
        if gone:
            self._purge(gone)

    def _post(self, connection_ids: Sequence[str], data: bytes) -> Sequence[str]:
        """Posts, logs what was not delivered, and returns the connections that are gone."""
        within = self._time_left() * _SHARE_OF_TIME
        report = self._api.post_to_connections(connection_ids, data, within=within)
        for line in report.failures():
            _log.error("not delivered: %s", line)
        return report.gone

    def _purge(self, gone: Sequence[str]) -> None:
        """Deletes the rows of connections that are gone, but not of those that are not there yet.

        `$connect` writes the row before the socket opens, and a post in between is answered 410 as well (C-12).
        To delete that row would leave a client that is connected and never hears anything, so a young
        connection is looked at once more. It is not posted to again: the message came before the socket opened,
        and would now perhaps come after a newer one.
        """
        oldest_opening = int(time.time() * 1000) - _LONGEST_HANDSHAKE
        perhaps_opening = self._delete(gone, connected_before=oldest_opening)
        if perhaps_opening:
            time.sleep(_OPENING_TAKES)
            self._delete(self._api.gone_of(perhaps_opening, within=self._time_left() * _SHARE_OF_TIME))

    def _delete(self, connection_ids: Sequence[str], *, connected_before: int | None = None) -> Sequence[str]:
        """Deletes rows, several at a time, and returns the ids of those that are too young for it."""
        with ThreadPoolExecutor(max_workers=_DELETES_AT_ONCE) as threads:
            deleted = threads.map(
                partial(self._delete_one, connected_before=connected_before), connection_ids
            )
            return [id_ for id_, is_deleted in zip(connection_ids, deleted, strict=True) if not is_deleted]

    def _delete_one(self, connection_id: str, *, connected_before: int | None) -> bool:
        try:
            return self._table.delete(connection_id, connected_before=connected_before)
        except (BotoCoreError, ClientError) as error:
            # The row stays, and the next event's 410 finds it again.
            _log.error("row of %s is not deleted: %s", connection_id, error)
            return True
