"""Account on AWS: credentials by boto3's usual chain, the account that was confirmed, and clients that obey.

Every client is made here, and asks the `Grants` before it builds a request: what they do not allow is never sent.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from harness.backends.aws.choice import AwsChoice
from harness.backends.aws.grants import Grants
from harness.errors import BackendError, UsageError

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import OperationModel

_CONFIG = Config(
    tcp_keepalive=True,
    connect_timeout=5,
    read_timeout=15,
    max_pool_connections=32,
    retries={"mode": "standard", "total_max_attempts": 3},
)

_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")


class Account:
    """The confirmed account, seen with the user's credentials; `grants` can be widened while a run goes on.

    UsageError for a profile or a region that there is not.
    """

    def __init__(self, choice: AwsChoice, *, region: str) -> None:
        with translated("the AWS credentials cannot be used"):
            self._session = boto3.Session(profile_name=choice.profile or None, region_name=region or None)
        self._choice = choice
        self.grants = Grants({"StackName": choice.cloudformation} if choice.cloudformation else {})

    def client(self, service: str) -> "BaseClient":
        """A client that calls what the grants allow, and raises BackendError for anything else."""
        with translated(f"no client of {service} can be made"):
            client: BaseClient = self._session.client(service, config=_CONFIG)  # type: ignore[call-overload]
        client.meta.events.register_first("before-parameter-build", self._assert_granted)
        return client

    def confirm(self) -> str:
        """The ARN of whose credentials these are; UsageError when their account is not the confirmed one."""
        with translated("the AWS credentials cannot be used"):
            sts: Any = self.client("sts")
            caller: Mapping[str, str] = sts.get_caller_identity()
        if caller["Account"] != self._choice.account:
            raise UsageError(
                f"the credentials are those of {caller['Arn']}, in account {caller['Account']}; "
                f"--confirm-aws says {self._choice.account}"
            )
        return caller["Arn"]

    def described(self) -> object:
        """What CloudFormation says of the chosen stack; UsageError when there is none of that name."""
        name = self._choice.cloudformation
        with translated(f"the CloudFormation stack {name} cannot be described"):
            cloudformation: Any = self.client("cloudformation")
            try:
                answer: object = cloudformation.describe_stacks(StackName=name)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ValidationError":
                    raise
                raise UsageError(f"--cloudformation: {error.response['Error']['Message']}") from error
        return answer

    def _assert_granted(self, *, params: Mapping[str, object], model: "OperationModel", **_: object) -> None:
        refusal = self.grants.refusal(model.service_model.service_name, model.name, params)
        if refusal:
            raise BackendError(f"the harness does not do this on AWS: {refusal}")


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turns what boto3 raises into one error: UsageError for what the user's options or set-up lack.

    BackendError for what AWS refused, and for an AWS that does not answer. No credentials stand in either.
    """
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise UsageError(
            f"{what}: {error}; set them as for the AWS CLI, or name a profile with --profile"
        ) from error
    except ProfileNotFound as error:
        raise UsageError(f"--profile: {error}") from error
    except NoRegionError as error:
        raise UsageError("no AWS region is set; name it with --region") from error
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        then = "; log in again" if code in _EXPIRED else ""
        raise BackendError(f"{what}: {error}{then}") from error
    except BotoCoreError as error:
        raise BackendError(f"{what}: {error}") from error
