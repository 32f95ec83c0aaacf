"""SNS: who answers which operation. Codes such as S-9 are rows of docs/aws-rows.csv."""

from harness.emulator.aws_api.requests import AwsCall
from harness.emulator.port.http import MaybeLater, Request
from harness.emulator.sns.control_plane import SnsControlPlane
from harness.emulator.sns.delivery import SnsDelivery


class SnsApi:
    """Answers the calls of `sns`: publishes by `delivery`, all others by `control_plane`."""

    def __init__(self, delivery: SnsDelivery, control_plane: SnsControlPlane) -> None:
        self._delivery, self._control_plane = delivery, control_plane

    def answer(self, call: AwsCall, request: Request) -> MaybeLater:
        """The answer to a signed request."""
        match call.operation:
            case "Publish":
                return self._delivery.publish(request)
            case "PublishBatch":
                return self._delivery.publish_batch(request)
        return self._control_plane.answer(call, request)
