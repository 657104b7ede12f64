"""The help of the command line loads no more than it prints: nobody waits for the application."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import service
from service.app import create_app

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"alembic", "cds_rules", "fhir", "flask", "gunicorn", "pydantic", "requests", "sqlalchemy"}
_RUN = """
import sys
from click.testing import CliRunner
from service.cli import main
result = CliRunner().invoke(main, sys.argv[1:])
print(result.exit_code, "Usage:" in result.output, *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def loaded_by(*arguments: str) -> set[str]:
    """Top-level packages loaded when a command has printed its help, in a process of its own."""
    command = [sys.executable, "-c", _RUN, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    code, helped, *names = done.stdout.split()
    assert (code, helped) == ("0", "True")
    return set(names)


@pytest.mark.parametrize("command", [(), ("demo",), ("serve",), ("store",), ("trials", "sync")])
def test_help_loads_neither_the_application_nor_the_store(command: tuple[str, ...]) -> None:
    assert loaded_by(*command, "--help") & HEAVY == set()


def test_the_application_is_found_by_the_name_of_the_package() -> None:
    assert service.create_app is create_app
    with pytest.raises(AttributeError, match="no attribute 'create_apps'"):
        _ = service.create_apps  # type: ignore[attr-defined]
