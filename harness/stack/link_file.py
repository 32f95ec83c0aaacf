"""Link file: how links reach a function as SST deploys them, encrypted, in a file that two variables lead to."""

import atexit
import base64
import secrets
import shutil
import tempfile
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NO_NONCE = bytes(12)  # each key encrypts one file, so SST needs none


def link_file(links: bytes) -> dict[str, str]:
    """Encrypts the links under a new key; `SST_KEY` is that key, `SST_KEY_FILE` the file (T3-2, T3-3).

    SST packs the file with the code and names it by a relative path. A developer's own folder is not written to
    here, so the path is absolute. The file goes when this process ends.
    """
    key = secrets.token_bytes(32)
    file = _folder() / f"{secrets.token_hex(8)}.enc"
    file.write_bytes(AESGCM(key).encrypt(_NO_NONCE, links, None))
    return {"SST_KEY": base64.b64encode(key).decode(), "SST_KEY_FILE": str(file)}


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="fanout-harness-links-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
