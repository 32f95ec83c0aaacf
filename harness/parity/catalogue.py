"""Every claim, by area."""

from harness.parity.claims.closing import CLOSING
from harness.parity.claims.connections import CONNECTIONS
from harness.parity.claims.events import EVENTS
from harness.parity.claims.filter_policies import FILTER_POLICIES
from harness.parity.claims.global_indexes import GLOBAL_INDEXES
from harness.parity.claims.gone import GONE
from harness.parity.claims.handshake import HANDSHAKE
from harness.parity.claims.routing import ROUTING
from harness.parity.claims.sns import SNS
from harness.parity.claims.time_to_live import TIME_TO_LIVE

AREAS = (
    HANDSHAKE,
    EVENTS,
    ROUTING,
    CONNECTIONS,
    GONE,
    CLOSING,
    SNS,
    FILTER_POLICIES,
    TIME_TO_LIVE,
    GLOBAL_INDEXES,
)
CLAIMS = tuple(claim for area in AREAS for claim in area.claims)
