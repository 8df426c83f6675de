"""The store of files: by digest, whole or not at all, sealed where there is a key."""

import hashlib
import io
import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from kinechain.core.errors import FileError, InputError, SettingError
from kinechain.store.clock import now
from kinechain.store.encryption import CHUNK_BYTES, HEAD_BYTES, TAG_BYTES, read_key
from kinechain.store.files import Files

KEY = bytes(range(32))
#: Around the edges of chunks.
SIZES = (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES)


@pytest.fixture(params=[None, KEY], ids=["open", "sealed"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    return Files(tmp_path / "files", request.param)


@pytest.fixture
def sealed(tmp_path: Path) -> Files:
    return Files(tmp_path / "sealed", KEY)


def only_file(files: Files) -> Path:
    ((_, path),) = files.digests()
    return path


@pytest.mark.parametrize("size", SIZES)
def test_what_was_put_comes_back_under_its_digest(files: Files, tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    stored = files.put(io.BytesIO(content))
    assert stored == (hashlib.sha256(content).hexdigest(), size)
    assert files.has(stored.digest)
    assert files.read(stored.digest) == content
    files.copy(stored.digest, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content
    with files.open(stored.digest) as stream:
        assert stream.read() == content


def test_the_same_content_is_kept_once(files: Files) -> None:
    first, second = files.put(b"the same"), files.put(io.BytesIO(b"the same"))
    assert first == second
    assert len(list(files.digests())) == 1


def test_a_stream_that_gives_little_at_a_time_is_kept_whole(files: Files) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 1, 1000))

    content = os.urandom(CHUNK_BYTES + 77)
    assert files.read(files.put(Slow(content)).digest) == content


def test_what_is_too_large_leaves_nothing(files: Files) -> None:
    with pytest.raises(InputError, match="too large: 1 MB"):
        files.put(io.BytesIO(bytes(1_000_001)), limit=1_000_000)
    assert [path for path in files.folder.rglob("*") if path.is_file() and path.name != "key.mark"] == []
    assert files.put(bytes(1_000_000), limit=1_000_000).size == 1_000_000


def test_a_stream_that_breaks_leaves_nothing(files: Files) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("the connection is gone")

    with pytest.raises(OSError, match="gone"):
        files.put(Broken())
    assert not list(files.folder.glob("unfinished-*"))


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
def test_nobody_else_may_read(files: Files) -> None:
    files.put(b"somebody's recording")
    for path in [files.folder, *files.folder.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.parametrize("digest", ["", "..", "../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "/.."])
def test_no_path_gets_in_as_a_digest(files: Files, digest: str) -> None:
    for ask in (files.has, files.read):
        with pytest.raises(InputError, match="no digest"):
            ask(digest)


def test_what_is_missing_or_altered_is_told(files: Files) -> None:
    with pytest.raises(FileError, match="is missing"):
        files.read("0" * 64)
    digest = files.put(b"as it was").digest
    only_file(files).write_bytes(b"as it is not")
    with pytest.raises(FileError, match="damaged"):
        files.read(digest)


@pytest.mark.parametrize("place", [0, 20, HEAD_BYTES, HEAD_BYTES + CHUNK_BYTES + 3, -1])
def test_no_altered_bit_of_a_sealed_content_passes(sealed: Files, place: int) -> None:
    digest = sealed.put(os.urandom(2 * CHUNK_BYTES + 5)).digest
    path = only_file(sealed)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(FileError, match="damaged"):
        sealed.read(digest)


CHUNK = CHUNK_BYTES + TAG_BYTES


def _cut_to(content: bytes, chunks: int) -> bytes:
    return content[: HEAD_BYTES + chunks * CHUNK]


@pytest.mark.parametrize(
    "change",
    [
        lambda c: _cut_to(c, 2),
        lambda c: _cut_to(c, 0),
        lambda c: c[:-1],
        lambda c: c + b"x",
        lambda c: c + c[-CHUNK:],
        lambda c: (
            c[:HEAD_BYTES]
            + c[HEAD_BYTES + CHUNK : HEAD_BYTES + 2 * CHUNK]
            + _cut_to(c, 1)[HEAD_BYTES:]
            + c[HEAD_BYTES + 2 * CHUNK :]
        ),
        lambda c: c[:HEAD_BYTES] + c[HEAD_BYTES + CHUNK :],
        lambda c: b"",
    ],
    ids=["cut at a chunk", "head alone", "cut", "longer", "a chunk twice", "another order", "a chunk less", "empty"],
)
def test_a_sealed_content_can_not_be_cut_or_put_in_another_order(sealed: Files, change) -> None:  # type: ignore[no-untyped-def]
    digest = sealed.put(os.urandom(3 * CHUNK_BYTES)).digest
    path = only_file(sealed)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(FileError, match="damaged"):
        sealed.read(digest)


def test_sealed_contents_can_not_be_exchanged(sealed: Files) -> None:
    first, second = sealed.put(b"of one person").digest, sealed.put(b"of another one").digest
    one, other = sealed.find(first), sealed.find(second)
    assert one is not None and other is not None
    other.replace(one)
    with pytest.raises(FileError, match="damaged"):
        sealed.read(first)


def test_a_sealed_content_is_not_legible_and_never_the_same_twice(tmp_path: Path) -> None:
    texts = []
    for name in ("a", "b"):
        files = Files(tmp_path / name, KEY)
        files.put(b"a walk on the tenth of May" * 100)
        texts.append(only_file(files).read_bytes())
    assert all(b"walk" not in text for text in texts)
    assert texts[0][HEAD_BYTES:] != texts[1][HEAD_BYTES:]


def test_a_sealed_folder_opens_with_its_key_alone(sealed: Files) -> None:
    digest = sealed.put(b"x").digest
    sealed.check_key()
    Files(sealed.folder, KEY).check_key()
    for key, sentence in ((None, "are sealed with a key; set KINECHAIN_KEY"), (bytes(32), "sealed with another key")):
        with pytest.raises(SettingError, match=sentence):
            Files(sealed.folder, key).check_key()
    with pytest.raises(SettingError, match="sealed with a key"):
        Files(sealed.folder).read(digest)
    assert KEY.hex() not in (sealed.folder / "key.mark").read_text()


def test_a_key_that_comes_later_seals_from_then_on(tmp_path: Path) -> None:
    before = Files(tmp_path / "files").put(b"before").digest
    files = Files(tmp_path / "files", KEY)
    after = files.put(b"after").digest
    assert (files.read(before), files.read(after)) == (b"before", b"after")
    files.put(b"before")
    assert files.read(before) == b"before"
    assert all(path.suffix == ".sealed" for _, path in files.digests())


def test_a_content_that_was_put_again_is_not_removed(files: Files) -> None:
    digest = files.put(b"needed by two").digest
    first = now()
    path = only_file(files)
    later = first.timestamp() + 5
    os.utime(path, (later, later))
    assert not files.remove(digest, first)
    assert files.read(digest) == b"needed by two"
    assert files.remove(digest, first + timedelta(seconds=10))
    assert not files.has(digest)
    assert files.remove(digest, first)


def test_what_was_left_half_written_is_tidied_when_it_is_old(files: Files) -> None:
    files.put(b"x")
    old, young = files.folder / "unfinished-old", files.folder / "unfinished-young"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    files.tidy()
    assert (old.exists(), young.exists()) == (False, True)


@pytest.mark.parametrize(
    "text",
    [KEY.hex(), KEY.hex().upper() + "\n", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="],
)
def test_a_key_is_read_from_the_environment_or_a_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key"
    file.write_text(text)
    assert read_key({"KINECHAIN_KEY": text}) == KEY
    assert read_key({"KINECHAIN_KEY_FILE": str(file)}) == KEY
    assert read_key({}) is None


BAD_KEYS = [
    {"KINECHAIN_KEY": "secret"},
    {"KINECHAIN_KEY": "00" * 31},
    {"KINECHAIN_KEY": "zz" * 32},
    {"KINECHAIN_KEY_FILE": "/nowhere/key"},
]


@pytest.mark.parametrize("environment", BAD_KEYS)
def test_what_is_no_key_is_refused_without_being_shown(environment: dict[str, str]) -> None:
    with pytest.raises(SettingError) as error:
        read_key(environment)
    assert str(*environment.values()) not in str(error.value)


def test_open_copies_of_work_that_was_killed_go(tmp_path: Path) -> None:
    files = Files(tmp_path / "files")
    with files.work_folder() as folder:
        (folder / "walk.c3d").write_bytes(b"open")
        assert not folder.stat().st_mode & 0o077
        files.tidy()
        assert (folder / "walk.c3d").exists(), "work that goes on keeps its folder"
    assert not folder.exists()
    folder.mkdir()
    (folder / "walk.c3d").write_bytes(b"left by a process that was killed")
    before = (now() - timedelta(hours=2)).timestamp()
    os.utime(folder, (before, before))
    files.tidy()
    assert not folder.exists()
