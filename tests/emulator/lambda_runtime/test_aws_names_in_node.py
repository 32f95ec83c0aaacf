"""Programs of Node that name AWS as they would there, with the preload for functions, and what they reach."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

from harness.emulator.lambda_runtime.bootstrap import RUNTIME_DIR
from tests.patience import WAIT
from tests.small_api import an_emulator

PRELOAD = f"{RUNTIME_DIR}/node_names.cjs"

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")

# Each prints JSON: what was found at the address.
PROGRAMS = """
const [how, target] = process.argv.slice(2);
const say = (found) => console.log(JSON.stringify(found));
const read = (answer) => {
  let text = '';
  answer.on('data', (chunk) => { text += chunk; }).on('end', () => say(JSON.parse(text).status));
};
const ask = 'GET /_harness/health HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n';
const exchange = (socket) => {
  let text = '';
  socket.on('data', (chunk) => { text += chunk; });
  socket.on('end', () => say(JSON.parse(text.split('\\r\\n\\r\\n')[1]).status));
  socket.write(ask);
};
const programs = {
  https: () => require('https').get(`https://${target}/_harness/health`, read),
  http: () => require('http').get(`http://${target}/_harness/health`, read),
  fetch: async () => say((await (await fetch(`https://${target}/_harness/health`)).json()).status),
  tls: () => {
    const socket = require('tls').connect(443, target, { servername: target }, () => exchange(socket));
  },
  'net, port and host': () => {
    const socket = require('net').connect(80, target, () => exchange(socket));
  },
  'net, options': () => {
    const socket = new (require('net').Socket)();
    socket.connect({ host: target, port: 80 }, () => exchange(socket));
  },
  'lookup first': () => require('dns').lookup(target, (error, address) => {
    const socket = require('net').connect(80, address, () => exchange(socket));
  }),
  'lookup first, promised': async () => {
    const { address } = await require('dns/promises').lookup(target);
    const socket = require('net').connect(80, address, () => exchange(socket));
  },
  'every address': () => require('dns').lookup(target, { all: true }, (error, addresses) => say(addresses)),
  'another port': () => require('net').connect(6379, target).on('error', (error) => say(error.code)),
  'a path': () => require('net').connect('/nowhere').on('error', (error) => say(error.code)),
};
programs[how]();
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where Node runs with the preload, and what it trusts."""

    program: Path
    variables: dict[str, str]

    def run(self, how: str, target: str) -> object:
        """What the program printed."""
        command = ["node", "--require", PRELOAD, str(self.program), how, target]
        done = subprocess.run(
            command, env=self.variables, capture_output=True, text=True, timeout=WAIT, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "program.cjs").write_text(PROGRAMS)
    with an_emulator() as (backend, _):
        with urlopen(f"{backend.endpoint}/_harness/ca.pem", timeout=WAIT) as answer:
            (folder / "ca.pem").write_bytes(answer.read())
        variables = {
            "PATH": os.environ["PATH"],
            "NODE_EXTRA_CA_CERTS": str(folder / "ca.pem"),
            "FANOUT_HARNESS_AWS": backend.endpoint.removeprefix("http://"),
        }
        yield Machine(folder / "program.cjs", variables)


@pytest.mark.parametrize(
    "how",
    [
        "https",
        "http",
        "fetch",
        "tls",
        "net, port and host",
        "net, options",
        "lookup first",
        "lookup first, promised",
    ],
)
def test_every_way_to_aws_leads_to_the_emulator(machine: Machine, how: str) -> None:
    assert machine.run(how, "s3.us-west-2.amazonaws.com") == "running"


def test_metadata_is_asked_of_the_emulator(machine: Machine) -> None:
    assert machine.run("http", "169.254.169.254") == "running"


def test_names_below_localhost_need_no_resolver(machine: Machine) -> None:
    port = machine.variables["FANOUT_HARNESS_AWS"].rpartition(":")[2]
    assert machine.run("https", f"emulator.localhost:{port}") == "running"


def test_aws_has_one_address(machine: Machine) -> None:
    assert machine.run("every address", "sts.amazonaws.com") == [{"address": "127.0.53.1", "family": 4}]


@pytest.mark.parametrize(
    ("how", "target", "code"),
    [
        pytest.param("another port", "x.cache.amazonaws.com", "ECONNREFUSED", id="another port of AWS"),
        pytest.param("a path", "", "ENOENT", id="a Unix socket is left alone"),
    ],
)
def test_what_does_not_lead_to_the_emulator(machine: Machine, how: str, target: str, code: str) -> None:
    assert machine.run(how, target) == code
