"""``python -m sandbox.seeding``: updating the generated files."""

from pathlib import Path
from shutil import copytree

import pytest

from sandbox.seeding.__main__ import main
from sandbox.seeding.scenario import fixtures


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(copytree(fixtures(), tmp_path / "fixtures"))


def test_a_current_file_is_not_changed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], folder) == 0
    assert main(["--check"], folder) == 0
    assert capsys.readouterr().out == ""


def test_a_file_that_differs_is_updated(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "generated" / "default.json"
    right = path.read_bytes()
    path.write_bytes(b"[]\n")
    assert main(["--check"], folder) == 1
    assert path.read_bytes() == b"[]\n"
    assert main([], folder) == 0
    assert path.read_bytes() == right
    assert capsys.readouterr().out == "default.json differs\ndefault.json is written\n"


def test_an_unknown_option_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "generated" / "default.json").write_bytes(b"[]\n")
    assert main(["--chek"], folder) == 2
    assert (folder / "generated" / "default.json").read_bytes() == b"[]\n"
    assert "--check" in capsys.readouterr().err
