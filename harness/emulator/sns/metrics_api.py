"""CloudWatch: moto answers, over the metrics that SNS counted until then (S-23)."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from harness.emulator.aws_api.requests import AwsCall
from harness.emulator.moto_services import Moto, backend_of
from harness.emulator.port.http import Request, Response
from harness.emulator.sns.metrics import Datum, Key


class MetricsApi:
    """Answers the calls of `monitoring`. `take` returns what was counted since it was last called."""

    def __init__(self, moto: Moto, *, take: Callable[[], Mapping[Key, Datum]]) -> None:
        self._moto, self._take = moto, take

    async def answer(self, call: AwsCall, request: Request) -> Response:
        """moto's answer."""
        data = self._take()
        await self._moto.run(lambda: _put(data))
        return await self._moto.answer(call, request)


def _put(data: Mapping[Key, Datum]) -> None:
    """Hands SNS's metrics to moto, in its thread."""
    for key, datum in data.items():
        _, _, _, region, _, topic = key.topic_arn.split(":")
        backend: Any = backend_of("cloudwatch", region)
        statistics = {
            "Sum": datum.sum,
            "Minimum": datum.least,
            "Maximum": datum.most,
            "SampleCount": datum.count,
        }
        backend.put_metric_data(
            "AWS/SNS",
            [
                {
                    "MetricName": key.metric,
                    "Dimensions": [{"Name": "TopicName", "Value": topic}],
                    "Timestamp": datetime.fromtimestamp(key.at, UTC).replace(tzinfo=None),  # as moto compares
                    "Unit": "Bytes" if key.metric == "PublishSize" else "Count",
                    "StatisticValues": statistics,
                }
            ],
        )
