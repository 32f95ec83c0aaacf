"""Control plane of SNS: the operations on topics and subscriptions where moto checks too little, over its state.

An endpoint of HTTP or HTTPS confirms its subscription by the token that it is sent; until then it gets nothing.
Operations that are not here are moto's.
"""

from collections.abc import Mapping
from random import Random
from typing import Any
from uuid import UUID
from xml.sax.saxutils import escape

from harness.clock import Clock
from harness.emulator.aws_api.errors import aws_error, not_emulated
from harness.emulator.aws_api.requests import AwsCall
from harness.emulator.moto_services import Moto, ServiceException
from harness.emulator.port.http import Request, Response
from harness.emulator.sns.delivery import SnsDelivery
from harness.emulator.sns.deployed_topics import (
    is_pending,
    sns_backend,
    subscription_of,
    topic_of,
)
from harness.emulator.sns.endpoints import CERTIFICATE_PATH, confirmation
from harness.emulator.sns.filter_policy_limits import POLICIES_PER_ACCOUNT, POLICIES_PER_TOPIC
from harness.emulator.sns.http_message import MessageType
from harness.emulator.sns.publish import InvalidPublish, form_of, xml_answer
from harness.emulator.sns.signing import Signer
from harness.emulator.sns.subscription_request import (
    CONFIRMED_BY_ITS_ENDPOINT,
    NOT_EMULATED,
    InvalidRequest,
    Subscribe,
    attributes_in,
    check_attribute,
    check_new_subscription,
    check_topic_attribute,
    filter_policy,
    invalid,
    parse_subscribe,
    scope_of,
)
from harness.emulator.sns.topics import Topic

PENDING = "pending confirmation"
_TOKEN_DIGITS = 160
_TOKEN_LIFE = 2 * 24 * 3600.0


class SnsControlPlane:
    """Answers every SNS operation but Publish and PublishBatch, signed (`answer`) and by URL (`visit`).

    What is refused is a response with SNS's name for the error, and nothing is changed by it.
    """

    def __init__(
        self, *, moto: Moto, delivery: SnsDelivery, signer: Signer, clock: Clock, random: Random
    ) -> None:
        self._moto, self._delivery, self._signer = moto, delivery, signer
        self._clock, self._random = clock, random
        self._tokens: dict[str, tuple[Any, float]] = {}

    async def answer(self, call: AwsCall, request: Request) -> Response:
        """The answer to a signed request."""
        form = form_of(request)
        try:
            return await self._answer(call, request, form)
        except InvalidPublish as refused:
            return _refusal(refused)
        except ServiceException as refused:
            return _refusal(InvalidRequest(refused.code, refused.message))

    async def _answer(self, call: AwsCall, request: Request, form: Mapping[str, str]) -> Response:
        match call.operation:
            case "Subscribe" if form.get("Protocol") in NOT_EMULATED:
                return not_emulated("sns", f"Subscribe to {form['Protocol']}")
            case "Subscribe":
                return await self._subscribe(parse_subscribe(form))
            case "ConfirmSubscription":
                return await self._confirm(form, authenticated=True)
            case "Unsubscribe":
                return await self._unsubscribe(form.get("SubscriptionArn", ""))
            case "SetSubscriptionAttributes":
                return await self._set_subscription_attribute(form)
            case "CreateTopic" | "SetTopicAttributes":
                _check_topic(form)
            case "GetTopicAttributes":
                return self._topic_attributes(form.get("TopicArn", ""))
            case "ListSubscriptions" | "ListSubscriptionsByTopic":
                return _with_pending(await self._moto.answer(call, request), call.region)
        return await self._moto.answer(call, request)

    async def visit(self, request: Request) -> Response | None:
        """The answer to a visitor without a signature: the URLs that stand in messages; None for any other."""
        form = form_of(request)
        if request.path == CERTIFICATE_PATH:
            return Response(200, (("Content-Type", "application/x-pem-file"),), self._signer.certificate)
        try:
            match form.get("Action"):
                case "ConfirmSubscription":
                    return await self._confirm(form, authenticated=False)
                case "Unsubscribe":
                    return await self._leave(form.get("SubscriptionArn", ""))
        except InvalidPublish as refused:
            return _refusal(refused)
        return None

    # --- subscribing --------------------------------------------------------------------------------------

    async def _subscribe(self, asked: Subscribe) -> Response:
        topic = _topic(asked.topic_arn)
        backend: Any = sns_backend(asked.topic_arn)
        known = backend._find_subscription(asked.topic_arn, asked.endpoint, asked.protocol)
        if known is None:
            check_new_subscription(asked, topic)
            _check_number_of_policies(asked, backend)
        elif any(_shown(known.attributes.get(name)) != value for name, value in asked.attributes.items()):
            raise invalid("Attributes Reason: Subscription already exists with different attributes")
        subscription = known or await self._moto.run(lambda: _add(backend, asked))
        if is_pending(subscription) and asked.protocol.startswith("http"):
            self._ask("SubscriptionConfirmation", topic, subscription)
        pending = is_pending(subscription) and not asked.return_arn
        return self._xml("Subscribe", _element("SubscriptionArn", PENDING if pending else subscription.arn))

    def _ask(self, kind: MessageType, topic: Topic, subscription: Any) -> None:
        """Sends a token to the endpoint."""
        token = f"{self._random.getrandbits(4 * _TOKEN_DIGITS):0{_TOKEN_DIGITS}x}"
        self._tokens[token] = (subscription, self._clock.monotonic() + _TOKEN_LIFE)
        self._delivery.confirm(
            confirmation(
                kind,
                topic,
                subscription_of(subscription),
                message_id=self._uuid(),
                token=token,
                at=self._clock.time(),
            )
        )

    async def _confirm(self, form: Mapping[str, str], *, authenticated: bool) -> Response:
        topic_arn = form.get("TopicArn", "")
        _topic(topic_arn)
        subscription, until = self._tokens.get(form.get("Token", ""), (None, 0.0))
        if subscription is None or subscription.topic.arn != topic_arn or self._clock.monotonic() > until:
            raise invalid("Token")
        locked = authenticated and form.get("AuthenticateOnUnsubscribe", "").lower() == "true"
        await self._moto.run(lambda: _confirm(sns_backend(topic_arn), subscription, locked=locked))
        return self._xml("ConfirmSubscription", _element("SubscriptionArn", subscription.arn))

    async def _leave(self, arn: str) -> Response:
        """By its UnsubscribeURL, which needs no signature unless the confirmation asked for one."""
        subscription = _subscription(arn)
        if subscription is not None and subscription.attributes["ConfirmationWasAuthenticated"] is True:
            # Not recorded on AWS yet: the words of this refusal.
            raise InvalidRequest("AuthorizationError", "Unsubscribe needs a signature")
        return await self._unsubscribe(arn)

    async def _unsubscribe(self, arn: str) -> Response:
        if arn.count(":") != 6:
            raise invalid("SubscriptionArn Reason: An ARN must have at least 6 elements")
        subscription, backend = _subscription(arn), sns_backend(arn)
        if subscription is not None:
            topic = topic_of(subscription.topic.arn)
            await self._moto.run(lambda: backend.unsubscribe(arn))  # type: ignore[attr-defined]  # moto's
            if (
                topic is not None
                and subscription.protocol.startswith("http")
                and not is_pending(subscription)
            ):
                self._ask("UnsubscribeConfirmation", topic, subscription)
        return self._xml("Unsubscribe", "")

    async def _set_subscription_attribute(self, form: Mapping[str, str]) -> Response:
        name, value = form.get("AttributeName", ""), form.get("AttributeValue", "")
        check_attribute(name, value)
        subscription = _subscription(form.get("SubscriptionArn", ""))
        if subscription is None:
            raise InvalidRequest("NotFound", "Subscription does not exist")
        before = subscription_of(subscription)
        scope = scope_of(subscription.attributes.get("FilterPolicyScope") or "")
        policy = filter_policy(value, scope) if name == "FilterPolicy" else subscription._filter_policy
        await self._moto.run(lambda: _set(subscription, {name: value}, policy))
        if name in ("FilterPolicy", "FilterPolicyScope"):
            self._delivery.filter_changed(before)
        return self._xml("SetSubscriptionAttributes", "")

    # --- topics -------------------------------------------------------------------------------------------

    def _topic_attributes(self, topic_arn: str) -> Response:
        topic = _topic(topic_arn)
        backend: Any = sns_backend(topic_arn)
        of_moto = backend.topics[topic_arn]
        every = [one for one in list(backend.subscriptions.values()) if one.topic.arn == topic_arn]
        pending = sum(map(is_pending, every))
        shown: dict[str, object] = {
            "TopicArn": topic_arn,
            "Owner": of_moto.account_id,
            "Policy": of_moto.policy,
            "DisplayName": of_moto.display_name,
            "SubscriptionsPending": pending,
            "SubscriptionsConfirmed": len(every) - pending,
            "SubscriptionsDeleted": 0,
            "EffectiveDeliveryPolicy": of_moto.effective_delivery_policy,
            "MaximumMessageSize": topic.maximum_message_size,
        }
        optional = {
            "DeliveryPolicy": of_moto.delivery_policy,
            "KmsMasterKeyId": of_moto.kms_master_key_id,
            "SignatureVersion": getattr(of_moto, "signature_version", ""),
            "TracingConfig": getattr(of_moto, "tracing_config", ""),
        }
        shown |= {name: value for name, value in optional.items() if value}
        if of_moto.fifo_topic:
            shown |= {"FifoTopic": "true"}
            shown |= {"ContentBasedDeduplication": str(of_moto.content_based_deduplication).lower()}
        entries = "".join(
            f"<entry>{_element('key', name)}{_element('value', value)}</entry>"
            for name, value in shown.items()
        )
        return self._xml("GetTopicAttributes", f"<Attributes>{entries}</Attributes>")

    def _xml(self, action: str, result: str) -> Response:
        return xml_answer(action, result, self._uuid())

    def _uuid(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))


# --- moto's state -----------------------------------------------------------------------------------------


def _topic(topic_arn: str) -> Topic:
    topic = topic_of(topic_arn)
    if topic is None:
        raise InvalidRequest("NotFound", "Topic does not exist")
    return topic


def _check_topic(form: Mapping[str, str]) -> None:
    """The attributes that a new topic, or one that is there, is given."""
    for name, value in attributes_in(form).items():
        check_topic_attribute(name, value, None)
    if "AttributeName" in form:
        topic = _topic(form.get("TopicArn", ""))
        check_topic_attribute(form["AttributeName"], form.get("AttributeValue", ""), topic)


def _subscription(arn: str) -> Any:
    backend: Any = sns_backend(arn)
    return None if backend is None else backend.subscriptions.get(arn)


def _check_number_of_policies(asked: Subscribe, backend: Any) -> None:
    """How many filter policies there may be (S-21)."""
    if asked.filter_policy is None:
        return
    filtered = [one for one in list(backend.subscriptions.values()) if one._filter_policy]
    of_topic = sum(one.topic.arn == asked.topic_arn for one in filtered)
    if of_topic >= POLICIES_PER_TOPIC or len(filtered) >= POLICIES_PER_ACCOUNT:
        # Not recorded on AWS yet: the words for one policy too many.
        raise InvalidRequest("FilterPolicyLimitExceeded", "Filter policy limit exceeded")


def _add(backend: Any, asked: Subscribe) -> Any:
    subscription = backend.subscribe(asked.topic_arn, asked.endpoint, asked.protocol)
    if asked.protocol in CONFIRMED_BY_ITS_ENDPOINT:
        subscription.attributes |= {"PendingConfirmation": True, "ConfirmationWasAuthenticated": False}
    _set(subscription, asked.attributes, asked.filter_policy)
    return subscription


def _set(subscription: Any, attributes: Mapping[str, str], policy: Any) -> None:
    """moto keeps what it is told; its own matcher never sees a policy, because delivery is ours."""
    for name, value in attributes.items():
        subscription.attributes[name] = value.lower() == "true" if name == "RawMessageDelivery" else value
    subscription._filter_policy = policy


def _confirm(backend: Any, subscription: Any, *, locked: bool) -> None:
    subscription.attributes |= {
        "PendingConfirmation": False,
        "ConfirmationWasAuthenticated": locked,
    }
    backend.subscriptions[subscription.arn] = subscription


def _with_pending(response: Response, region: str) -> Response:
    """A list of subscriptions that tells who has yet to confirm, as SNS does: by a word in place of the ARN."""
    backend: Any = sns_backend(f"arn:aws:sns:{region}:0:0")
    body = response.body
    for one in [] if backend is None else list(backend.subscriptions.values()):
        if is_pending(one):
            body = body.replace(one.arn.encode(), b"PendingConfirmation")
    return Response(response.status, response.headers, body)


def _shown(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _element(name: str, value: object) -> str:
    return f"<{name}>{escape(str(value))}</{name}>"


def _refusal(refused: InvalidPublish) -> Response:
    statuses = {"NotFound": 404, "AuthorizationError": 403, "FilterPolicyLimitExceeded": 403}
    return aws_error("sns", statuses.get(refused.code, 400), refused.code, refused.message)
