"""Which name a certificate is signed for, and what the authority leaves for its clients."""

from pathlib import Path

import certifi
import pytest

from harness.emulator.lambda_runtime.bootstrap.aws_names import is_aws_name
from harness.emulator.port.certificates import Authority, covering


@pytest.mark.parametrize(
    ("name", "covered_by"),
    [
        pytest.param(
            "a1b2.execute-api.us-east-1.amazonaws.com", "*.execute-api.us-east-1.amazonaws.com", id="an API"
        ),
        pytest.param("dynamodb.eu-west-1.amazonaws.com", "*.eu-west-1.amazonaws.com", id="a service"),
        pytest.param("my_bucket.s3.amazonaws.com", "*.s3.amazonaws.com", id="a bucket"),
        pytest.param("sts.amazonaws.com", "sts.amazonaws.com", id="no wildcard for all of AWS"),
        pytest.param("Ws.Example.COM.", "ws.example.com", id="a custom domain"),
        pytest.param("localhost", "localhost", id="localhost"),
    ],
)
def test_certificates_cover_names_as_those_of_aws_do(name: str, covered_by: str) -> None:
    assert covering(name, is_aws_name) == covered_by


def test_the_bundle_holds_the_public_authorities_and_ours(tmp_path: Path) -> None:
    authority = Authority(tmp_path, is_aws_name=is_aws_name)
    public = Path(certifi.where()).read_bytes()
    assert authority.ca_file.read_bytes() == authority.pem
    assert authority.bundle_file.read_bytes() == public + b"\n" + authority.pem


def test_keys_stay_with_the_authority(tmp_path: Path) -> None:
    Authority(tmp_path, is_aws_name=is_aws_name).server_context("127.0.0.1")
    assert {file.name for file in tmp_path.iterdir()} == {"ca.pem", "ca-bundle.pem"}
    assert b"PRIVATE KEY" not in (tmp_path / "ca.pem").read_bytes()
