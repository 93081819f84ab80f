import os
import zipfile
from pathlib import Path

from lakehouse_constructs._archive import content_hash, write_archive


def _files(folder: Path, **content: str) -> dict[str, Path]:
    folder.mkdir()
    entries = {}
    for name, text in content.items():
        path = folder / name
        path.write_text(text)
        entries[f"pack/{name}.py"] = path
    return entries


def test_equal_content_gives_equal_bytes_whatever_the_times_modes_and_order(tmp_path: Path) -> None:
    first = _files(tmp_path / "a", one="1", two="2")
    second = dict(reversed(_files(tmp_path / "b", one="1", two="2").items()))
    os.utime(second["pack/one.py"], (0, 1_000_000_000))
    second["pack/two.py"].chmod(0o755)

    left = write_archive(tmp_path / "left.zip", first)
    right = write_archive(tmp_path / "right.zip", second)

    assert left.read_bytes() == right.read_bytes()
    assert content_hash(first) == content_hash(second)


def test_the_hash_follows_names_and_content(tmp_path: Path) -> None:
    base = _files(tmp_path / "a", one="1", two="2")
    moved = {"pack/one.py": base["pack/two.py"], "pack/two.py": base["pack/one.py"]}
    renamed = {"pack/uno.py": base["pack/one.py"], "pack/two.py": base["pack/two.py"]}

    assert len({content_hash(entries) for entries in (base, moved, renamed)}) == 3


def test_entries_can_be_read_back_by_anybody(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "x.zip", _files(tmp_path / "a", one="print(1)"))

    with zipfile.ZipFile(archive) as opened:
        (entry,) = opened.infolist()
        assert opened.read(entry) == b"print(1)"
    assert entry.filename == "pack/one.py"
    assert entry.external_attr >> 16 == 0o100644
