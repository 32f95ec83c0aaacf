"""Launcher of execution environments: their command, variables, credentials and scratch folder."""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

from harness.clock import Clock
from harness.emulator.lambda_runtime.bootstrap import COMMANDS, RUNTIME_DIR, node_options
from harness.emulator.lambda_runtime.debugging import Debugging
from harness.emulator.lambda_runtime.execution_environment import EnvironmentOwner, ExecutionEnvironment
from harness.emulator.lambda_runtime.function import (
    FunctionConfiguration,
    log_stream_name,
    runtime_family,
)
from harness.emulator.lambda_runtime.identifiers import credentials, hex_digits
from harness.emulator.lambda_runtime.node import installed_packages
from harness.emulator.lambda_runtime.sandbox import Sandbox
from harness.emulator.lambda_runtime.variables import Certificates, environment_variables

_PATH = "/usr/local/bin:/usr/bin:/bin"


class Launcher:
    """Makes environments that call AWS at `endpoint` and keep their temporary files under `scratch`.

    `certificates` are those that AWS's names have there. `debugging` says which functions are debugged, and how.
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
        debugging: Debugging | None = None,
    ) -> None:
        self._endpoint, self._region = endpoint, region
        self._clock, self._random = clock, random
        self._scratch = scratch.absolute()
        self._certificates, self._debugging = certificates, debugging

    def is_debugged(self, function: str) -> bool:
        """Whether the function of this name is debugged."""
        return self._debugging is not None and self._debugging.covers(function)

    def sandbox(self) -> Sandbox:
        """A new one, whose folder is not made yet."""
        stream = hex_digits(self._random, 32)
        return Sandbox(self._scratch / "tmp" / stream, stream)

    def environment(
        self,
        function: FunctionConfiguration,
        *,
        sandbox: Sandbox,
        generation: int,
        prewarmed: bool,
        owner: EnvironmentOwner,
    ) -> ExecutionEnvironment:
        """A new environment in the sandbox, not started yet."""
        family = runtime_family(function.runtime)
        assert family is not None, f"a function of the unknown runtime {function.runtime} was deployed"
        keys = credentials(self._random)
        debugging = self._debugging if self.is_debugged(function.name) else None
        bootstrap = {} if debugging is None else debugging.variables()
        if family == "nodejs":
            bootstrap = {"FANOUT_HARNESS_BUNDLES": str(self._bundles(function, generation))}

        def variables(runtime_api: str) -> dict[str, str]:
            return environment_variables(
                function,
                region=self._region,
                endpoint=self._endpoint(),
                runtime_api=runtime_api,
                credentials=keys,
                log_stream=log_stream_name(self._clock.time(), sandbox.stream),
                runtime_dir=RUNTIME_DIR,
                temporary_folder=str(sandbox.folder),
                path=os.environ.get("PATH", _PATH),
                certificates=self._certificates,
                node_packages=str(installed_packages()),
                bootstrap=bootstrap,
            )

        options = node_options(function.memory_size)
        if debugging is not None:
            options = (*options, debugging.node_option())

        return ExecutionEnvironment(
            function,
            generation=generation,
            prewarmed=prewarmed,
            access_key_id=keys.access_key_id,
            secret_access_key=keys.secret_access_key,
            command=COMMANDS[family](os.getpid(), function.handler, options),
            variables=variables,
            sandbox=sandbox,
            debugged=debugging is not None,
            clock=self._clock,
            owner=owner,
        )

    def _bundles(self, function: FunctionConfiguration, generation: int) -> Path:
        """Where what is made of TypeScript lies, for all environments with the same code."""
        return self._scratch / "bundles" / f"{function.name}-{function.revision_id}-{generation}"
