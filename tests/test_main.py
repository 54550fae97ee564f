"""``python -m sandbox`` is the command; importing its module starts nothing."""

import runpy
import sys

import pytest

from sandbox import __version__

MODULE = "sandbox.__main__"


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the module imported anew."""
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    monkeypatch.setattr(sys, "argv", ["sandbox", "--version"])


def test_running_the_package_runs_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_module("sandbox", run_name="__main__")
    assert capsys.readouterr().out == f"protocol-sandbox {__version__}\n"


def test_importing_the_module_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_module(MODULE)
    assert capsys.readouterr().out == ""
