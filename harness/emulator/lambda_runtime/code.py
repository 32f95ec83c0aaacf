"""Code of functions: a zip, unpacked into our scratch folder, or the developer's own folder, watched for changes."""

import base64
import hashlib
import io
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from harness.clock import Clock
from harness.emulator.lambda_runtime.function import CodeLocation

HOT_RELOAD_BUCKET = "hot-reload"
"""LocalStack's convention: code from this bucket is loaded from the folder that its key names."""

MAXIMUM_UNZIPPED_SIZE = 262_144_000
"""Bytes that a function's code may have unzipped."""

_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "runs", "venv"})
_SOURCE_SUFFIXES = (".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".json")
_LOOK_EVERY = 0.5

Fingerprint = tuple[int, int, int]
"""The newest modification time (ns) of a folder's source files, how many there are, and their bytes together.

A file that is truncated and written has one modification time, where the two fall into one tick of the kernel.
"""


class CodeError(ValueError):
    """Code that Lambda would not take; the message is AWS's where AWS has one."""


def code_from_zip(content: bytes, scratch: Path) -> CodeLocation:
    """Unpacks the zip into `scratch`, once for equal contents; CodeError for one that is broken or too large.

    A member that would land outside of its folder makes the whole zip bad.
    """
    digest = hashlib.sha256(content).digest()
    folder = (scratch / "code" / digest.hex()).absolute()
    if not folder.exists():
        _unpack(content, folder)
    return CodeLocation(str(folder), base64.b64encode(digest).decode(), len(content))


def code_from_folder(folder: str) -> CodeLocation:
    """The developer's folder, as it lies; CodeError when it is not an absolute path of a folder."""
    if not Path(folder).is_absolute() or not Path(folder).is_dir():
        raise CodeError(
            f"S3Key of the bucket {HOT_RELOAD_BUCKET} must be an absolute folder; {folder!r} is not"
        )
    digest = hashlib.sha256(folder.encode()).digest()
    return CodeLocation(folder, base64.b64encode(digest).decode(), 0, hot_reload=True)


class FolderWatch:
    """The fingerprints of developers' folders, looked at no more often than every half second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[float, Fingerprint]] = {}

    def fingerprint(self, folder: str, *, at_once: bool = False) -> Fingerprint:
        """The folder's fingerprint, at most half a second old, or of this moment."""
        now = self._clock.monotonic()
        looked_at, fingerprint = self._seen.get(folder, (float("-inf"), (0, 0, 0)))
        if at_once or now - looked_at >= _LOOK_EVERY:
            fingerprint = folder_fingerprint(folder)
            self._seen[folder] = (now, fingerprint)
        return fingerprint


def folder_fingerprint(folder: str) -> Fingerprint:
    """The fingerprint now, without hidden folders, dependencies and recorded runs."""
    files = list(_source_files(folder))
    newest = max((modified_at for modified_at, _ in files), default=0)
    return newest, len(files), sum(size for _, size in files)


def _source_files(folder: str) -> Iterator[tuple[int, int]]:
    """The modification time and the size of each."""
    try:
        entries = os.scandir(folder)
    except OSError:
        return  # the folder went away meanwhile: none of its files is left, and that is the answer
    with entries:
        for entry in entries:
            if entry.name.endswith(_SOURCE_SUFFIXES) and entry.is_file():
                yield _time_and_size(entry)
            elif _is_source_folder(entry):
                yield from _source_files(entry.path)


def _is_source_folder(entry: "os.DirEntry[str]") -> bool:
    hidden = entry.name.startswith(".") or entry.name in _SKIPPED_FOLDERS
    return not hidden and entry.is_dir(follow_symlinks=False)


def _time_and_size(entry: "os.DirEntry[str]") -> tuple[int, int]:
    try:
        found = entry.stat()
    except FileNotFoundError:
        return 0, 0  # deleted between listing and looking
    return found.st_mtime_ns, found.st_size


def _unpack(content: bytes, folder: Path) -> None:
    # Unpacked beside and then renamed, so that a folder of this name is always complete.
    beside = folder.with_name(f"{folder.name}.unpacking")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_members(archive)
            for member in archive.infolist():
                _extract(archive, member, beside)
    except zipfile.BadZipFile as error:
        raise CodeError(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from error
    beside.mkdir(parents=True, exist_ok=True)
    beside.rename(folder)


def _check_members(archive: zipfile.ZipFile) -> None:
    if sum(member.file_size for member in archive.infolist()) > MAXIMUM_UNZIPPED_SIZE:
        raise CodeError(f"Unzipped size must be smaller than {MAXIMUM_UNZIPPED_SIZE} bytes")
    for member in archive.infolist():
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts:
            raise CodeError(f"The zip has a member outside of its folder: {member.filename!r}")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise CodeError(f"The zip has a symbolic link: {member.filename!r}")


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    path = Path(archive.extract(member, folder))
    permissions = (member.external_attr >> 16) & 0o777
    if permissions and not member.is_dir():
        path.chmod(permissions | stat.S_IRUSR | stat.S_IWUSR)
