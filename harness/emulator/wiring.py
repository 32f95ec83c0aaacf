"""The wiring diagram: which parts the emulator is made of, and which request goes to which.

port ──> doors ──┬── /_harness/ ............ pages ──> journal
                 ├── execute-api hosts ..... gateway (handshakes, messages, @connections)
                 ├── lambda ................ lambda_runtime.api, event_sources.api
                 ├── sns Publish* .......... sns.delivery ──> lambda_runtime, queues, HTTP endpoints
                 ├── sns ................... sns.control_plane ──> moto
                 ├── cloudwatch ............ moto (sns.delivery hands over what it counted)
                 ├── dynamodb .............. dynamodb.wire
                 ├── events ................ events.event_bridge ──> lambda_runtime, letter_delivery
                 ├── services elsewhere .... elsewhere.part ──> their endpoints
                 ├── deployments ........... deployments
                 └── everything else ....... moto (APIs that it changes are read anew)
lambda_runtime, sns, event_sources ──> letter_delivery (dead letters, destinations) ──> queues, topics, functions
queues, streams ──> event_sources ──> lambda_runtime
gateway ──> lambda_runtime ──> the functions' processes ──> port
"""

import asyncio
import random
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from harness import __version__
from harness.clock import Clock, RealClock
from harness.emulator.aws_api.errors import aws_error, not_emulated, query_error
from harness.emulator.aws_api.requests import AwsCall, aws_call, is_query
from harness.emulator.dynamodb.database import Change
from harness.emulator.dynamodb.wire import DynamoDbApi
from harness.emulator.event_sources.api import EventSourceApi
from harness.emulator.event_sources.event_sources import EventSources
from harness.emulator.events.event_bridge import EventBridge
from harness.emulator.gateway.control_plane.api_endpoints import with_websocket_endpoints
from harness.emulator.gateway.control_plane.deployed_apis import DeployedApis, beyond_quota, stages_of
from harness.emulator.gateway.control_plane.deployments import Deployments
from harness.emulator.gateway.control_plane.usage_plans import UsagePlans
from harness.emulator.gateway.opening import Accepted
from harness.emulator.gateway.server import Gateway
from harness.emulator.gateway.signatures import SecretOf
from harness.emulator.gateway.urls import (
    ExecuteApiTarget,
    custom_domain_target,
    execute_api_target,
    host_name,
)
from harness.emulator.iam.roles import Roles
from harness.emulator.journal import Journal
from harness.emulator.lambda_runtime.api import LambdaApi
from harness.emulator.lambda_runtime.concurrency import ACCOUNT_CONCURRENCY, MAX_ENVIRONMENTS
from harness.emulator.lambda_runtime.debugging import Debugging
from harness.emulator.lambda_runtime.function import Certificates
from harness.emulator.lambda_runtime.runtime import LambdaRuntime
from harness.emulator.letter_delivery import LetterDelivery
from harness.emulator.letters import Letter
from harness.emulator.moto_services import ACCOUNT, MotoServices
from harness.emulator.pages import PREFIX, Load, Pages
from harness.emulator.port.certificates import Authority
from harness.emulator.port.http import MaybeLater, Request, Response, json_response
from harness.emulator.port.server import Adopt, Port
from harness.emulator.sns.control_plane import SnsControlPlane
from harness.emulator.sns.delivery import SnsDelivery
from harness.emulator.sns.deployed_topics import QueueEndpoints, put_metrics, topic_of
from harness.emulator.sns.endpoints import HttpEndpoints
from harness.emulator.sns.signing import Signer
from harness.emulator.sqs.polling import is_empty, read_poll
from harness.errors import BackendError
from harness.record.observation import RowDeleted, RowWritten

if TYPE_CHECKING:
    from harness.emulator.elsewhere.part import Elsewhere

POLL_EVERY = 0.05  # seconds
NO_MAPPING = json_response(404, b'{"message":"Not Found"}')  # U-5


class Emulator:
    """AWS on one port, as far as WebSocket fan-out needs it. Use as an async context manager."""

    def __init__(
        self,
        *,
        region: str = "us-east-1",
        clock: Clock | None = None,
        seed: int | None = None,
        credentials: Mapping[str, str] | None = None,
        journal: Journal | None = None,
        account_concurrency: int = ACCOUNT_CONCURRENCY,
        elsewhere: Mapping[str, str] | None = None,
        callback_host: str | None = None,
        max_environments: int = MAX_ENVIRONMENTS,
        debugging: Debugging | None = None,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        """With `credentials`, signatures of execute-api calls are verified.

        They are the secret access keys of callers by access key id; the functions' own are known anyway.
        `account_concurrency` is how many invocations of all functions run at a time (L-8), `max_environments` how
        many of one function that reserves none. `announce` is told where the debuggers of `debugging` can attach.
        `elsewhere` holds the endpoints of services that this emulator relays, by signing name (see
        `elsewhere.services`); `callback_host` is the name by which they reach it, by default where it listens.
        """
        self._region, self._callback_host = region, callback_host
        self._clock = clock or RealClock()
        self._chance = random.Random(seed)  # noqa: S311 - ids, not secrets
        self._scratch = tempfile.TemporaryDirectory(prefix="fanout-harness-")
        self.authority = Authority(Path(self._scratch.name))
        self.endpoint = ""
        self.journal = journal or Journal()
        self._moto = MotoServices()
        self._usage_plans = UsagePlans(clock=self._clock, random=self._chance)
        self._apis = DeployedApis(region, self._usage_plans.api_keys)
        self._deployments = Deployments(stages_of=stages_of, clock=self._clock, random=self._chance)
        self._roles = Roles()
        self.dynamodb = DynamoDbApi(
            account=ACCOUNT, clock=self._clock, random=self._chance, changed=self._note_row
        )
        self._functions_idle = asyncio.Event()
        self.functions = self._new_functions(account_concurrency, max_environments, debugging, announce)
        self.event_sources = self._new_event_sources()
        self._lambda_api = self._new_lambda_api(elsewhere or {})
        self.gateway = self._new_gateway(credentials)
        signer = Signer()
        self.sns = self._new_sns(signer)
        self._sns_control_plane = SnsControlPlane(
            moto=self._moto, delivery=self.sns, signer=signer, clock=self._clock, random=self._chance
        )
        self._letters = LetterDelivery(
            functions=self.functions, publish=self.sns.deliver, run_elsewhere=self._moto.submit
        )
        self._events = self._new_event_bridge()
        self._elsewhere = self._new_elsewhere(elsewhere) if elsewhere else None
        self._pages = self._new_pages()
        self._port = Port(self)

    # --- Wiring: one part after the other -----------------------------------------------------------------

    def _new_functions(
        self,
        account_concurrency: int,
        max_environments: int,
        debugging: Debugging | None,
        announce: Callable[[str], None],
    ) -> LambdaRuntime:
        return LambdaRuntime(
            endpoint=lambda: self.endpoint,
            region=self._region,
            account=ACCOUNT,
            clock=self._clock,
            random=self._chance,
            note=self.journal.note,
            scratch=Path(self._scratch.name),
            on_idle=self._functions_idle.set,
            certificates=Certificates(str(self.authority.ca_file), str(self.authority.bundle_file)),
            account_concurrency=account_concurrency,
            max_environments=max_environments,
            debugging=debugging,
            announce=announce,
            send=self._send,
        )

    def _new_event_sources(self) -> EventSources:
        return EventSources(
            functions=self.functions,
            moto=self._moto,
            stream_of=lambda region, arn: self.dynamodb.region(region).stream(arn),
            send=self._send,
            clock=self._clock,
            random=self._chance,
        )

    def _new_lambda_api(self, elsewhere: Mapping[str, str]) -> LambdaApi:
        mappings = EventSourceApi(
            self.event_sources, self.functions, clock=self._clock, random=self._chance, elsewhere=elsewhere
        )
        return LambdaApi(self.functions, clock=self._clock, random=self._chance, answer_to=mappings.answer_to)

    def _new_gateway(self, credentials: Mapping[str, str] | None) -> Gateway:
        return Gateway(
            api=self._apis,
            functions=self.functions,
            clock=self._clock,
            random=self._chance,
            note=self.journal.note,
            invocation_of=self.functions.request_of,
            caller_of=lambda access_key_id: self._roles.caller_of(self.functions.function_of(access_key_id)),
            secret_of=None if credentials is None else _secrets(self.functions, credentials),
        )

    def _new_sns(self, signer: Signer) -> SnsDelivery:
        http = HttpEndpoints(
            emulator=lambda: self.endpoint, signer=signer, trusted=str(self.authority.bundle_file)
        )
        return SnsDelivery(
            topic_of=topic_of,
            functions=self.functions,
            send={"sqs": QueueEndpoints(self._moto.run).send, "http": http.send, "https": http.send},
            clock=self._clock,
            random=self._chance,
            redrive=self._send,
        )

    def _new_event_bridge(self) -> EventBridge:
        return EventBridge(
            ask=self._moto.handle,
            functions=self.functions,
            send=self._send,
            clock=self._clock,
            random=self._chance,
            account=ACCOUNT,
        )

    def _new_elsewhere(self, endpoints: Mapping[str, str]) -> "Elsewhere":
        # Its HTTP client takes longer to import than everything else here: only who needs it waits for it.
        from harness.emulator.elsewhere.part import Elsewhere

        return Elsewhere(
            endpoints,
            address=self._callback_address,
            functions=self.functions,
            clock=self._clock,
            changed=self._note_row,
        )

    def _new_pages(self) -> Pages:
        return Pages(
            version=__version__,
            journal=self.journal,
            quiet=self.quiet,
            gateway=self.gateway,
            functions=self.functions,
            dynamodb=self.dynamodb,
            sns=self.sns,
            load=self._load,
            authority=self.authority.pem,
            elsewhere=self._elsewhere,
        )

    def _callback_address(self) -> str:
        if self._callback_host is None:
            return self.endpoint
        return f"http://{self._callback_host}:{self.endpoint.rpartition(':')[2]}"

    # --- the port --------------------------------------------------------------------------------------------

    async def listen(self, host: str, port: int) -> str:
        """Listens and returns the endpoint; BackendError when the port is taken.

        The same with `https` is an endpoint too.
        """
        try:
            bound = await self._port.listen(host, port, tls=self.authority.server_context(host))
        except OSError as error:
            raise BackendError(
                f"port {port} on {host} cannot be opened ({error.strerror}): stop what uses it "
                f"(`ss -ltnp 'sport = :{port}'` shows it) or choose another with --port"
            ) from error
        self.endpoint = f"http://{host}:{bound}"
        return self.endpoint

    async def quiet(self, timeout: float) -> bool:
        """Waits until nothing is in flight, of any part; False after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while await self._is_busy():
                    await self.gateway.idle.wait()
                    await self.sns.idle.wait()
                    await self.event_sources.idle.wait()
                    if self._elsewhere is not None:
                        await self._elsewhere.topics.idle.wait()
                        await self._elsewhere.letters.idle.wait()
                    if self.functions.in_flight():
                        self._functions_idle.clear()
                        await self._functions_idle.wait()
        except TimeoutError:
            return False
        return True

    def _in_flight(self) -> int:
        elsewhere = 0 if self._elsewhere is None else self._elsewhere.in_flight()
        here = (self.gateway, self.sns, self.event_sources, self.functions)
        return sum(part.in_flight() for part in here) + elsewhere

    async def _is_busy(self) -> bool:
        """Whether anything is in flight; letters are, until moto's thread has come to them."""
        await self._moto.run(lambda: None)
        return self._in_flight() > 0

    # --- Doors: where requests go -------------------------------------------------------------------------

    def answer(self, request: Request) -> MaybeLater:
        """The response to a request that is no opening handshake."""
        target = self._target(request)
        if isinstance(target, Response):
            return target
        if target is not None and _is_plain_get(request, target):
            return self._plain_get(request, target)
        if target is not None:
            return self.gateway.call(request, target.api_id, target.stage, target.rest)
        if request.path.startswith(PREFIX):
            posted = None if self._elsewhere is None else self._elsewhere.posted(request)
            return posted or self._pages.answer(request)
        call = aws_call(request)
        if call is None and request.headers.get("x-amz-target").startswith("DynamoDB"):
            return self.dynamodb.refuse_unsigned()
        return self._visited(request) if call is None else self._aws(call, request)

    def _aws(self, call: AwsCall, request: Request) -> MaybeLater:
        if self._elsewhere is not None and call.service in self._elsewhere:
            return self._elsewhere.handle(call, request, by=self.functions.request_of(call.access_key_id))
        return self._aws_here(call, request)

    def _aws_here(self, call: AwsCall, request: Request) -> MaybeLater:
        match call.service, call.operation:
            case "lambda", _:
                return self._lambda_api.handle(request)
            case "sns", _:
                return self._of_sns(call, request)
            case "monitoring", _:
                return self._watching(call, request)
            case (("dynamodb" | "dynamodbstreams"), _):
                return self.dynamodb.handle(call, request, by=self.functions.request_of(call.access_key_id))
            case "events", _:
                return self._events.handle(call, request)
            case "execute-api", _:
                return aws_error("execute-api", 403, "ForbiddenException", "Forbidden")
            case "", _:
                return not_emulated(call.service, call.operation)
        return self._of_moto(call, request)

    def _of_moto(self, call: AwsCall, request: Request) -> MaybeLater:
        """moto answers; where others need to know of it, they are told."""
        match call.service, call.operation:
            case "sqs", "ReceiveMessage":
                return self._receiving(call, request)
            case "sqs", ("CreateQueue" | "ChangeMessageVisibility" | "ChangeMessageVisibilityBatch"):
                return self._changing_queues(call, request)
            case "apigateway", _:
                return self._changing_apis(call, request)
            case "iam", _:
                return self._changing_roles(call, request)
        return self._moto.handle(call, request)

    def _send(self, letter: Letter) -> None:
        if self._elsewhere is not None and self._elsewhere.takes(letter):
            self._elsewhere.send(letter)
        else:
            self._letters.send(letter)

    def _of_sns(self, call: AwsCall, request: Request) -> MaybeLater:
        match call.operation:
            case "Publish":
                return self.sns.publish(request)
            case "PublishBatch":
                return self.sns.publish_batch(request)
        return self._sns_control_plane.answer(call, request)

    async def _visited(self, request: Request) -> Response:
        """By somebody without a signature: who follows a URL in a message of SNS, else a mistake."""
        return await self._sns_control_plane.visit(request) or _unsigned(request)

    def _note_row(self, change: Change) -> None:
        at = self._clock.monotonic()
        if change.kind == "DeleteItem":
            self.journal.note(RowDeleted(at, change.table, change.key, change.by))
        else:
            self.journal.note(RowWritten(at, change.table, change.key, change.kind, change.by))
        self.event_sources.row_changed(change.table)

    async def _receiving(self, call: AwsCall, request: Request) -> Response:
        """moto does not say when a message comes, or comes back, so it is asked until one is there."""
        poll = read_poll(request)
        until = self._clock.monotonic() + poll.wait
        while is_empty(response := await self._moto.handle(call, poll.once)):
            if self._clock.monotonic() >= until:
                break
            await self._clock.sleep(POLL_EVERY)
        return response

    async def _watching(self, call: AwsCall, request: Request) -> Response:
        data = self.sns.metrics.take()
        await self._moto.run(lambda: put_metrics(data))
        return await self._moto.handle(call, request)

    async def _changing_queues(self, call: AwsCall, request: Request) -> Response:
        response = await self._moto.handle(call, request)
        self.event_sources.queues_changed()
        return response

    async def _changing_apis(self, call: AwsCall, request: Request) -> Response:
        deployment = self._deployments.answer(request, call.region)
        if deployment is not None:
            return deployment
        refused = beyond_quota(request, call.region)
        if refused is not None:
            return refused
        response = self._usage_plans.answer(request) or await self._moto.handle(call, request)
        if request.method != "GET":
            self._apis.changed()
        return with_websocket_endpoints(response)

    async def _changing_roles(self, call: AwsCall, request: Request) -> Response:
        response = await self._moto.handle(call, request)
        await self._roles.changed(self._moto.run)
        return response

    async def _plain_get(self, request: Request, target: ExecuteApiTarget) -> Response:
        """The gateway says what is missing of an opening handshake."""
        answer = await self.gateway.handshake(request, target.api_id, target.stage, target.rest)
        return answer if isinstance(answer, Response) else Response(400)

    async def upgrade(self, request: Request) -> Response | Adopt:
        """The answer to an opening handshake."""
        target = self._target(request)
        if isinstance(target, Response):
            return target
        if target is None:
            return json_response(404, b'{"message":"Not Found: no WebSocket API at this address"}')
        answer = await self.gateway.handshake(request, target.api_id, target.stage, target.rest)
        if isinstance(answer, Accepted):
            accepted = answer
            return lambda transport: self.gateway.open(accepted, transport)
        return answer

    def _target(self, request: Request) -> ExecuteApiTarget | Response | None:
        """What of API Gateway's data plane a request means; a response for a path that a custom domain lacks."""
        host = request.headers.get("host")
        target = execute_api_target(host, request.path)
        domain = self._apis.custom_domain(host_name(host)) if target is None else None
        if domain is None:
            return target
        return custom_domain_target(domain, request.path) or NO_MAPPING

    def _load(self) -> Load:
        return Load(
            http=self._port.open_connections,
            websocket=self.gateway.open_connections(),
            in_flight=self._in_flight(),
            tasks=len(asyncio.all_tasks()),
        )

    # --- life ---------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Closes the port and every connection, ends every function's process, removes the scratch folder."""
        if self._elsewhere is not None:
            await self._elsewhere.leave()
        await self._port.close()
        await self.gateway.close()
        self._events.close()
        await self.sns.close()
        await self.event_sources.close()
        await self.functions.close()
        if self._elsewhere is not None:
            await self._elsewhere.close()
        self._moto.close()
        self._scratch.cleanup()

    async def __aenter__(self) -> "Emulator":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _is_plain_get(request: Request, target: ExecuteApiTarget) -> bool:
    """A GET of a WebSocket URL by something that is neither an SDK nor a WebSocket client, a browser say."""
    return request.method == "GET" and not target.is_connections and "authorization" not in request.headers


def _secrets(functions: LambdaRuntime, credentials: Mapping[str, str]) -> SecretOf:
    return lambda access_key_id: functions.secret_of(access_key_id) or credentials.get(access_key_id)


def _unsigned(request: Request) -> Response:
    code = "MissingAuthenticationTokenException"
    message = "Missing Authentication Token: AWS calls must be signed (any credentials do)"
    return query_error(403, code, message) if is_query(request) else aws_error("", 403, code, message)
