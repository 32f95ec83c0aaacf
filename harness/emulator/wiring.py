"""Wiring: which parts the emulator is made of, who gets whom, what is idle when, and in which order all ends.

Which request goes to which part is in `doors`; codes such as L-8 are rows of docs/aws-rows.csv.
What the parts send each other:

lambda_runtime, sns, event_sources ──> letter_delivery (dead letters, destinations) ──> queues, topics, functions
queues, streams ──> event_sources ──> lambda_runtime
gateway ──> lambda_runtime ──> the functions' processes ──> port
"""

import asyncio
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from harness import __version__
from harness.clock import Clock, RealClock
from harness.emulator.aws_api.requests import ACCOUNT
from harness.emulator.doors import Doors, Rooms
from harness.emulator.dynamodb.database import Change
from harness.emulator.dynamodb.wire import DynamoDbApi
from harness.emulator.event_sources.api import EventSourceApi
from harness.emulator.event_sources.event_sources import EventSources
from harness.emulator.events.event_bridge import EventBridge
from harness.emulator.gateway.control_plane.api import ControlPlaneApi, http_stages
from harness.emulator.gateway.control_plane.deployed_apis import DeployedApis
from harness.emulator.gateway.control_plane.usage_plans import UsagePlans
from harness.emulator.gateway.control_plane.websocket_apis import WebSocketApis
from harness.emulator.gateway.server import Gateway
from harness.emulator.gateway.signatures import SecretOf
from harness.emulator.iam.roles import Roles
from harness.emulator.journal import Journal
from harness.emulator.lambda_runtime.api import LambdaApi
from harness.emulator.lambda_runtime.bootstrap.aws_names import is_aws_name
from harness.emulator.lambda_runtime.concurrency import ACCOUNT_CONCURRENCY, MAX_ENVIRONMENTS
from harness.emulator.lambda_runtime.debugging import Debugging
from harness.emulator.lambda_runtime.runtime import LambdaRuntime
from harness.emulator.lambda_runtime.variables import Certificates
from harness.emulator.letter_delivery import LetterDelivery
from harness.emulator.letters import Letter
from harness.emulator.moto_services import MotoServices
from harness.emulator.pages import Load, Pages
from harness.emulator.parts import Ends, Part, Parts, end
from harness.emulator.port.certificates import Authority
from harness.emulator.port.server import Port
from harness.emulator.sent import SendingNotes
from harness.emulator.sns.api import SnsApi
from harness.emulator.sns.control_plane import SnsControlPlane
from harness.emulator.sns.delivery import SnsDelivery
from harness.emulator.sns.deployed_topics import topic_of
from harness.emulator.sns.endpoints import HttpEndpoints, QueueEndpoints
from harness.emulator.sns.metrics_api import MetricsApi
from harness.emulator.sns.signing import Signer
from harness.emulator.sqs.api import SqsApi
from harness.errors import BackendError
from harness.record.observation import RowDeleted, RowWritten, Sent

if TYPE_CHECKING:
    from harness.emulator.elsewhere.part import Elsewhere


class Emulator:
    """AWS on one port, as far as WebSocket fan-out needs it. Use as an async context manager.

    Takes requests from `listen` on, and none after `close`, which also ends every function's process. BackendError
    from `listen` leaves it as it was: it may listen again, on another port.
    """

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
        self._region, self._clock = region, clock or RealClock()
        self._chance = random.Random(seed)  # noqa: S311 - ids, not secrets
        self._scratch = tempfile.TemporaryDirectory(prefix="fanout-harness-")
        self.authority = Authority(Path(self._scratch.name), is_aws_name=is_aws_name)
        self.endpoint = ""
        self.journal = journal or Journal()
        self._moto = MotoServices()
        self.dynamodb = DynamoDbApi(
            account=ACCOUNT, clock=self._clock, random=self._chance, changed=self._note_row
        )
        self._functions_idle = asyncio.Event()
        self.functions = self._new_functions(account_concurrency, max_environments, debugging, announce)
        self.event_sources = self._new_event_sources()
        self._roles = Roles(self._moto)
        usage_plans = UsagePlans(clock=self._clock, random=self._chance)
        self._apis = WebSocketApis(others=http_stages, changed=lambda: self._deployed.changed())
        self._deployed = DeployedApis(
            api=self._apis.api, domains=lambda: self._apis.domains, api_keys=usage_plans.api_keys
        )
        self.gateway = self._new_gateway(credentials)
        signer = Signer()
        self.sns = self._new_sns(signer)
        self._elsewhere = self._new_elsewhere(elsewhere, callback_host) if elsewhere else None
        self._letters = LetterDelivery(
            functions=self.functions,
            publish=self.sns.deliver,
            moto=self._moto,
            clock=self._clock,
            note=self.journal.note,
            elsewhere=self._elsewhere,
        )
        self._events = self._new_events()
        self._parts = Parts(self._busy(), settle=lambda: self._moto.run(lambda: None))
        self._port = Port(self._new_doors(signer, usage_plans, elsewhere or {}))

    # --- Who gets whom, one part after the other ----------------------------------------------------------

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

    def _new_gateway(self, credentials: Mapping[str, str] | None) -> Gateway:
        return Gateway(
            api=self._deployed,
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
        queues = QueueEndpoints(self._moto, clock=self._clock, note=self.journal.note)
        return SnsDelivery(
            topic_of=topic_of,
            functions=self.functions,
            send={"sqs": queues.send, "http": http.send, "https": http.send},
            clock=self._clock,
            random=self._chance,
            redrive=self._send,
        )

    def _new_elsewhere(self, endpoints: Mapping[str, str], callback_host: str | None) -> "Elsewhere":
        # Its HTTP client takes longer to import than everything else here: only who needs it waits for it.
        from harness.emulator.elsewhere.part import Elsewhere

        return Elsewhere(
            endpoints,
            address=lambda: _with_host(self.endpoint, callback_host),
            functions=self.functions,
            clock=self._clock,
            changed=self._note_row,
            note=self.journal.note,
        )

    def _new_events(self) -> EventBridge:
        return EventBridge(
            moto=self._moto,
            functions=self.functions,
            send=self._send,
            clock=self._clock,
            random=self._chance,
            account=ACCOUNT,
        )

    def _new_doors(self, signer: Signer, plans: UsagePlans, elsewhere: Mapping[str, str]) -> Doors:
        clock, chance, moto = self._clock, self._chance, self._moto
        mappings = EventSourceApi(
            self.event_sources, self.functions, clock=clock, random=chance, elsewhere=elsewhere
        )
        topics = SnsControlPlane(moto=moto, delivery=self.sns, signer=signer, clock=clock, random=chance)
        apis = ControlPlaneApi(
            moto, apis=self._apis, deployed=self._deployed, usage_plans=plans, clock=clock, random=chance
        )
        rooms = Rooms(
            functions=LambdaApi(self.functions, clock=clock, random=chance, answer_to=mappings.answer_to),
            topics=SnsApi(self.sns, topics),
            queues=SqsApi(moto, clock=clock, changed=self.event_sources.queues_changed),
            tables=self.dynamodb,
            events=self._events,
            apis=apis,
            roles=self._roles,
            metrics=MetricsApi(moto, take=self.sns.metrics.take),
            moto=moto,
        )
        return Doors(
            rooms,
            gateway=self.gateway,
            custom_domain=self._deployed.custom_domain,
            is_in=self._deployed.is_in,
            pages=self._new_pages(),
            invocation_of=self.functions.request_of,
            visit=topics.visit,
            sending=SendingNotes(clock=clock, note=self.journal.note),
            elsewhere=self._elsewhere,
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
            load=lambda: _load(self._port, self.gateway, self._parts),
            authority=self.authority.pem,
            elsewhere=self._elsewhere,
        )

    # --- What parts tell each other -----------------------------------------------------------------------

    def _send(self, letter: Letter) -> None:
        self._letters.send(letter)

    def _note_row(self, change: Change) -> None:
        for seen in _seen(change, self._clock.monotonic()):
            self.journal.note(seen)
        self.event_sources.row_changed(change.table)

    # --- Life ---------------------------------------------------------------------------------------------

    def _busy(self) -> tuple[Part, ...]:
        """The parts that begin something, in the order in which they are waited for."""
        functions = Functions(self.functions, self._functions_idle)
        there = () if self._elsewhere is None else (self._elsewhere.topics, self._elsewhere)
        return (self.gateway, self.sns, self.event_sources, *there, functions)

    def _ends(self) -> tuple[Ends, ...]:
        """What is open, in the order in which it ends."""
        own = (self._port, self.gateway, self._events, self.sns, self.event_sources, self.functions)
        if self._elsewhere is None:
            return own
        # Topics over there answer through the port when our subscriptions are taken away.
        return (self._elsewhere.topics, *own, self._elsewhere)

    async def listen(self, host: str, port: int) -> str:
        """Listens and returns the endpoint; BackendError when the port is taken.

        The same with `https` is an endpoint too.
        """
        bound = await _opened(self._port, host, port, self.authority)
        self.endpoint = f"http://{host}:{bound}"
        return self.endpoint

    async def quiet(self, timeout: float) -> bool:
        """Waits until nothing is in flight, of any part; False after `timeout` seconds."""
        return await self._parts.quiet(timeout)

    async def close(self) -> None:
        """Closes the port and every connection, ends every function's process, removes the scratch folder."""
        await end(self._ends())
        self._moto.close()
        self._scratch.cleanup()

    async def __aenter__(self) -> "Emulator":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class Functions:
    """The functions as a part; `ended` is set by them whenever their last invocation has ended."""

    def __init__(self, runtime: LambdaRuntime, ended: asyncio.Event) -> None:
        self._runtime, self._ended = runtime, ended

    @property
    def idle(self) -> asyncio.Event:
        """Set when nothing is in flight, and as soon as that is so."""
        if self._runtime.in_flight():
            self._ended.clear()
        else:
            self._ended.set()
        return self._ended

    def in_flight(self) -> int:
        """Invocations that have not ended."""
        return self._runtime.in_flight()

    async def close(self) -> None:
        """Ends the functions' processes."""
        await self._runtime.close()


async def _opened(port: Port, host: str, number: int, authority: Authority) -> int:
    """The number of the port, which listens."""
    try:
        return await port.listen(host, number, tls=authority.server_context(host))
    except OSError as error:
        raise BackendError(
            f"port {number} on {host} cannot be opened ({error.strerror}): stop what uses it "
            f"(`ss -ltnp 'sport = :{number}'` shows it) or choose another with --port"
        ) from error


def _load(port: Port, gateway: Gateway, parts: Parts) -> Load:
    return Load(
        http=port.open_connections,
        websocket=gateway.open_connections(),
        in_flight=parts.in_flight(),
        tasks=len(asyncio.all_tasks()),
    )


def _with_host(endpoint: str, host: str | None) -> str:
    """The endpoint under another name of its host, if there is one."""
    return endpoint if host is None else f"http://{host}:{endpoint.rpartition(':')[2]}"


def _seen(change: Change, at: float) -> Iterator[RowDeleted | RowWritten | Sent]:
    """What is noted of a row that was changed, and of the stream record that says so."""
    if change.kind == "DeleteItem":
        yield RowDeleted(at, change.table, change.key, change.by)
    else:
        yield RowWritten(at, change.table, change.key, change.kind, change.by, change.ttl)
    if change.record is not None and change.by is not None:
        yield Sent(at, change.record, change.table, request=change.by)


def _secrets(functions: LambdaRuntime, credentials: Mapping[str, str]) -> SecretOf:
    return lambda access_key_id: functions.secret_of(access_key_id) or credentials.get(access_key_id)
