"""SNS elsewhere, with functions here: a function's subscription is an HTTP subscription of ours over there.

The topic posts to an address of the emulator, which confirms the subscription and hands each notification to the
function as SNS does: asynchronously, with the event that Lambda would get (S-1 to S-9).
Codes such as S-1 are rows of docs/aws-rows.csv.
"""

import asyncio
import logging
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import urlencode

import orjson

from harness.clock import Clock
from harness.emulator.aws_api.errors import not_emulated, query_error
from harness.emulator.aws_api.requests import AwsCall
from harness.emulator.elsewhere.notifications import Confirmation, Delivered, lambda_event, read_post
from harness.emulator.elsewhere.outstanding import Awaited, Outstanding
from harness.emulator.elsewhere.relay import Relay
from harness.emulator.elsewhere.subscriptions import SubscribedFunction, attributes_of, shown_as_functions
from harness.emulator.lambda_runtime.outcome import Cause, Functions, NoSuchFunction
from harness.emulator.port.http import Headers, Request, Response, json_response
from harness.emulator.sns.filter_policy import FilterPolicy, Scope
from harness.emulator.sns.publish import (
    InvalidPublish,
    Publication,
    form_of,
    parse_publish,
    parse_publish_batch,
)

_log = logging.getLogger(__name__)

PREFIX = "/_harness/sns/"
"""Where topics elsewhere post to."""

CONFIRMED_WITHIN = 10.0  # seconds
GOODBYE = 5.0  # seconds for taking our subscriptions away
DELIVERED_WITHIN = 10.0  # seconds, after which a notification counts as lost

_FORM = Headers((("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),))
_ARN = re.compile(r"<SubscriptionArn>\s*(arn:[^<\s]+)\s*<")
_PENDING = re.compile(r"<key>PendingConfirmation</key>\s*<value>(\w+)</value>")
_MESSAGE_ID = re.compile(r"<MessageId>\s*([^<\s]+)\s*</MessageId>")
_BATCH_MEMBER = re.compile(r"<member>(.*?)</member>", re.DOTALL)
_ENTRY_ID = re.compile(r"<Id>\s*([^<\s]+)\s*</Id>")


class TopicsElsewhere:
    """Answers SNS requests from elsewhere. `address` is the URL at which the topics reach this emulator.

    What over there refuses comes back as it is; a function whose subscription is refused is forgotten here.
    """

    def __init__(
        self,
        relay: Relay,
        *,
        address: Callable[[], str],
        functions: Functions,
        clock: Clock,
        queues_too: bool,
    ) -> None:
        self._relay, self._address, self._functions, self._clock = relay, address, functions, clock
        self._queues_too = queues_too
        self._subscribed: dict[str, SubscribedFunction] = {}
        self._confirmations: dict[str, asyncio.Future[Confirmation]] = {}
        self._outstanding = Outstanding()
        self.idle = asyncio.Event()
        self.idle.set()

    def in_flight(self) -> int:
        """Publishes that are not answered, and notifications that have not come yet."""
        return self._outstanding.count

    async def answer(self, call: AwsCall, request: Request) -> Response:
        """The answer from elsewhere, in which functions are subscribed as functions."""
        form = form_of(request)
        match call.operation:
            case "Publish" | "PublishBatch":
                return await self._publish(call, form)
            case "Subscribe" if form.get("Protocol") == "lambda":
                return await self._subscribe(call, form)
            case "Subscribe" if form.get("Protocol") == "sqs" and not self._queues_too:
                return not_emulated("sns", "Subscribe (a queue here to a topic elsewhere: put sqs there too)")
        response = await self._relay.send(call, _request(form))
        if response.status == 200:
            self._follow(call.operation, form)
        return self._with_functions(response)

    # --- subscriptions ------------------------------------------------------------------------------------

    async def _subscribe(self, call: AwsCall, form: Mapping[str, str]) -> Response:
        topic_arn, function = form.get("TopicArn", ""), form.get("Endpoint", "")
        known = self._subscription(topic_arn, function)
        one = known or self._new_subscription(topic_arn, function)
        asked = {**form, "Protocol": "http", "Endpoint": one.address, "ReturnSubscriptionArn": "true"}
        response = await self._relay.send(call, _request(asked))
        if known is None and response.status == 200:
            response = await self._confirmed(call, one, response)
        if known is None and response.status != 200:
            self._forget(one)
        elif known is None:
            self._set(one.token, attributes_of(form))
        return response

    def _new_subscription(self, topic_arn: str, function: str) -> SubscribedFunction:
        token = secrets.token_urlsafe(24)
        one = SubscribedFunction(token, self._address() + PREFIX + token, topic_arn, function)
        self._subscribed[token] = one
        self._confirmations[token] = asyncio.get_running_loop().create_future()
        return one

    async def _confirmed(self, call: AwsCall, one: SubscribedFunction, response: Response) -> Response:
        """The answer to Subscribe once the subscription is confirmed, as one of a function always is."""
        arn = _first(_ARN, response)
        if not arn or await self._is_pending(call, arn):
            try:
                async with asyncio.timeout(CONFIRMED_WITHIN):
                    asked = await self._confirmations[one.token]
            except TimeoutError:
                return self._unconfirmed(one)
            response = await self._relay.send(call, _request(_confirming(asked)))
            arn = _first(_ARN, response)
        if response.status == 200:
            self._subscribed[one.token] = replace(self._subscribed[one.token], arn=arn)
        return _subscribe_answer(arn) if response.status == 200 else response

    async def _is_pending(self, call: AwsCall, arn: str) -> bool:
        asked = {"Action": "GetSubscriptionAttributes", "SubscriptionArn": arn}
        response = await self._relay.send(call, _request(asked))
        return response.status != 200 or _first(_PENDING, response).lower() == "true"

    def _unconfirmed(self, one: SubscribedFunction) -> Response:
        return query_error(
            424,  # no 5xx: SDKs would ask again, and wait again
            "SubscriptionNotConfirmed",
            f"SNS at {self._relay.endpoints['sns']} did not ask within {CONFIRMED_WITHIN:.0f} s to confirm the "
            f"subscription of {one.function}: it must be able to reach {self._address()} (--callback-host)",
        )

    def _follow(self, operation: str, form: Mapping[str, str]) -> None:
        """Keeps up with a change of subscriptions that succeeded elsewhere."""
        match operation:
            case "Unsubscribe":
                self._forget_where(lambda one: one.arn == form.get("SubscriptionArn"))
            case "DeleteTopic":
                self._forget_where(lambda one: one.topic_arn == form.get("TopicArn"))
            case "SetSubscriptionAttributes":
                for one in self._where(lambda one: one.arn == form.get("SubscriptionArn")):
                    self._set(one.token, {form.get("AttributeName", ""): form.get("AttributeValue", "")})

    def _set(self, token: str, attributes: Mapping[str, str]) -> None:
        one = self._subscribed[token]
        self._subscribed[token] = replace(one, filter_policy=_filter_policy(one.filter_policy, attributes))

    def _subscription(self, topic_arn: str, function: str) -> SubscribedFunction | None:
        found = self._where(
            lambda one: (one.topic_arn, one.function) == (topic_arn, function) and bool(one.arn)
        )
        return next(iter(found), None)

    def _where(self, wanted: Callable[[SubscribedFunction], bool]) -> list[SubscribedFunction]:
        return [one for one in self._subscribed.values() if wanted(one)]

    def _forget_where(self, unwanted: Callable[[SubscribedFunction], bool]) -> None:
        for one in self._where(unwanted):
            self._forget(one)

    def _forget(self, one: SubscribedFunction) -> None:
        del self._subscribed[one.token]
        self._confirmations.pop(one.token).cancel()

    def _with_functions(self, response: Response) -> Response:
        text = response.body.decode()
        shown = shown_as_functions(text, self._subscribed.values())
        return response if shown == text else replace(response, body=shown.encode())

    # --- messages -----------------------------------------------------------------------------------------

    async def _publish(self, call: AwsCall, form: Mapping[str, str]) -> Response:
        publications = _publications(call.operation, form)
        self._outstanding.publishing()
        self.idle.clear()
        awaited: Iterable[Awaited] = ()
        try:
            response = await self._relay.send(call, _request(_as_for_functions(form)))
            if response.status == 200:
                awaited = list(self._awaited(publications, response.body.decode()))
        finally:
            self._await(self._outstanding.published(awaited))
        return response

    def _awaited(self, publications: Mapping[str, Publication], answer: str) -> Iterator[Awaited]:
        for entry, message_id in _message_ids(answer):
            for one in self._subscribed.values():
                if entry in publications and one.gets(publications[entry]):
                    yield one.token, message_id

    def _await(self, coming: frozenset[Awaited]) -> None:
        if coming:
            self._clock.call_later(DELIVERED_WITHIN, partial(self._give_up, coming))
        self._tell_if_idle()

    def _give_up(self, awaited: Iterable[Awaited]) -> None:
        for _, message_id in self._outstanding.give_up(awaited):
            _log.warning(
                "SNS at %s has not delivered message %s within %.0f s; it counts as lost",
                self._relay.endpoints["sns"],
                message_id,
                DELIVERED_WITHIN,
            )
        self._tell_if_idle()

    def give_up_all(self) -> None:
        """Nothing more can come from elsewhere."""
        self._outstanding.give_up_all()
        self._tell_if_idle()

    def _tell_if_idle(self) -> None:
        if self._outstanding.count == 0:
            self.idle.set()

    def posted(self, request: Request) -> Response:
        """The answer to what a topic posts to us; 404 when no subscription has this address."""
        one = self._subscribed.get(request.path.removeprefix(PREFIX))
        if one is None:
            return json_response(404, b'{"message":"no such subscription"}')
        try:
            post = read_post(request.body)
        except ValueError as error:
            _log.warning("%s was sent to %s: %s", request.body[:200], one.function, error)
            return json_response(400, orjson.dumps({"message": str(error)}))
        match post:
            case Confirmation() if not (asked := self._confirmations[one.token]).done():
                asked.set_result(post)
            case Delivered():
                return self._deliver(one, post, request.headers.get("x-amz-sns-subscription-arn"))
        return Response(200)

    def _deliver(self, one: SubscribedFunction, delivered: Delivered, subscription_arn: str) -> Response:
        outcome = self._functions.invoke_event(
            one.function,
            lambda_event(delivered, subscription_arn or one.arn),
            cause=Cause(messages=(delivered.message_id,)),
        )
        self._outstanding.arrived((one.token, delivered.message_id))
        self._tell_if_idle()
        if isinstance(outcome, NoSuchFunction):
            # A client-side error, not retried: the topic puts the message in the dead-letter queue (S-17, S-18).
            _log.warning("SNS subscription %s: no function %s", one.arn, one.function)
            return json_response(404, b'{"message":"no such function"}')
        return Response(200)

    async def close(self) -> None:
        """Takes our subscriptions away, so that nothing is posted to whoever has our port next.

        The port must still be open, for what the topics say to that.
        """
        try:
            async with asyncio.timeout(GOODBYE):
                await self._leave()
        except TimeoutError:
            _log.warning("the subscriptions at %s stay there", self._relay.endpoints["sns"])

    async def _leave(self) -> None:
        for one in self._where(lambda one: bool(one.arn)):
            asked = {"Action": "Unsubscribe", "SubscriptionArn": one.arn}
            call = AwsCall("sns", "Unsubscribe", one.arn.split(":")[3])
            response = await self._relay.send(call, _request(asked))
            if response.status >= 500:
                return


def _publications(operation: str, form: Mapping[str, str]) -> Mapping[str, Publication]:
    """What is published, by entry id; nothing of what SNS is going to refuse."""
    try:
        if operation == "Publish":
            return {"": parse_publish(form)}
        return {one.entry_id: one for one in parse_publish_batch(form)}
    except InvalidPublish:
        return {}


def _message_ids(answer: str) -> Iterator[tuple[str, str]]:
    """(entry id, message id) of each message in an answer; the entry of Publish is ""."""
    for part in _BATCH_MEMBER.findall(answer) or [answer]:
        message_id, entry = _MESSAGE_ID.search(part), _ENTRY_ID.search(part)
        if message_id is not None:
            yield "" if entry is None else entry[1], message_id[1]


def _as_for_functions(form: Mapping[str, str]) -> Mapping[str, str]:
    """With MessageStructure=json, the text for functions is what their HTTP subscriptions have to get."""
    changed = {}
    for name, value in form.items():
        text = name.removesuffix("Structure")
        if name.endswith("MessageStructure") and value == "json" and text in form:
            changed[text] = _text_for_functions(form[text])
    return {**form, **changed}


def _text_for_functions(message: str) -> str:
    try:
        texts = orjson.loads(message)
    except orjson.JSONDecodeError:
        return message
    if not isinstance(texts, dict):
        return message
    texts.pop("http", None)
    return orjson.dumps(texts | ({"http": texts["lambda"]} if "lambda" in texts else {})).decode()


def _filter_policy(before: FilterPolicy | None, attributes: Mapping[str, str]) -> FilterPolicy | None:
    policy = before.policy if before is not None else {}
    scope: Scope = before.scope if before is not None else "MessageAttributes"
    if "FilterPolicy" in attributes:
        policy = orjson.loads(attributes["FilterPolicy"] or "{}")
    if attributes.get("FilterPolicyScope") in ("MessageAttributes", "MessageBody"):
        scope = "MessageBody" if attributes["FilterPolicyScope"] == "MessageBody" else "MessageAttributes"
    return FilterPolicy(policy, scope)


def _confirming(asked: Confirmation) -> dict[str, str]:
    return {"Action": "ConfirmSubscription", "TopicArn": asked.topic_arn, "Token": asked.token}


def _subscribe_answer(arn: str) -> Response:
    body = (
        '<SubscribeResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><SubscribeResult>'
        f"<SubscriptionArn>{arn}</SubscriptionArn></SubscribeResult><ResponseMetadata>"
        "<RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata></SubscribeResponse>"
    )
    return Response(200, (("Content-Type", "text/xml"),), body.encode())


def _request(form: Mapping[str, str]) -> Request:
    asked = form if "Version" in form else {**form, "Version": "2010-03-31"}
    return Request("POST", "/", headers=_FORM, body=urlencode(asked).encode())


def _first(pattern: re.Pattern[str], response: Response) -> str:
    found = pattern.search(response.body.decode())
    return found[1] if found else ""
