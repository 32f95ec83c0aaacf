"""How an execution environment of a function is made: its command, variables, credentials and scratch folder."""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

from harness.clock import Clock
from harness.emulator.lambda_runtime.bootstrap import COMMANDS, RUNTIME_DIR
from harness.emulator.lambda_runtime.environment import Environment, EnvironmentOwner
from harness.emulator.lambda_runtime.function import (
    Certificates,
    FunctionConfiguration,
    environment_variables,
    log_stream_name,
    runtime_family,
)
from harness.emulator.lambda_runtime.identifiers import credentials, hex_digits
from harness.emulator.lambda_runtime.node import installed_packages

_PATH = "/usr/local/bin:/usr/bin:/bin"


class Launcher:
    """Makes environments that call AWS at `endpoint` and keep their temporary files under `scratch`.

    `certificates` are those that AWS's names have there.
    """

    def __init__(
        self,
        *,
        endpoint: Callable[[], str],
        region: str,
        clock: Clock,
        random: Random,
        scratch: Path,
        certificates: Certificates | None = None,
    ) -> None:
        self._endpoint, self._region = endpoint, region
        self._clock, self._random = clock, random
        self._scratch = scratch.absolute()
        self._certificates = certificates

    def environment(
        self, function: FunctionConfiguration, *, generation: int, prewarmed: bool, owner: EnvironmentOwner
    ) -> Environment:
        """A new environment, not started yet."""
        family = runtime_family(function.runtime)
        assert family is not None, f"a function of the unknown runtime {function.runtime} was deployed"
        keys = credentials(self._random)
        stream = hex_digits(self._random, 32)
        temporary_folder = self._scratch / "tmp" / stream

        def variables(runtime_api: str) -> dict[str, str]:
            variables = environment_variables(
                function,
                region=self._region,
                endpoint=self._endpoint(),
                runtime_api=runtime_api,
                credentials=keys,
                log_stream=log_stream_name(self._clock.time(), stream),
                runtime_dir=RUNTIME_DIR,
                temporary_folder=str(temporary_folder),
                path=os.environ.get("PATH", _PATH),
                certificates=self._certificates,
                node_packages=str(installed_packages()),
            )
            if family == "nodejs":
                variables["FANOUT_HARNESS_BUNDLES"] = str(self._bundles(function, generation))
            return variables

        return Environment(
            function,
            generation=generation,
            prewarmed=prewarmed,
            access_key_id=keys.access_key_id,
            secret_access_key=keys.secret_access_key,
            command=COMMANDS[family](os.getpid(), function.handler),
            variables=variables,
            temporary_folder=temporary_folder,
            clock=self._clock,
            owner=owner,
        )

    def _bundles(self, function: FunctionConfiguration, generation: int) -> Path:
        """Where what is made of TypeScript lies, for all environments with the same code."""
        return self._scratch / "bundles" / f"{function.name}-{function.revision_id}-{generation}"
