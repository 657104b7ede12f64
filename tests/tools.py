"""Programs that some tests need and not every machine has."""

import os
import shutil
import sys
from pathlib import Path

import pytest

_ELSEWHERE = {"chromium": ("/usr/bin/chromium", "/usr/bin/chromium-browser")}


def require_tool(name: str, why: str) -> str:
    """The path of program `name`; without it the calling test is skipped, and `why` says what was lost.

    With RELAPSE_CDS_REQUIRE_TOOLS=1, as in CI, the test fails instead: there nothing may go untested.
    """
    beside_python = Path(sys.executable).parent / name
    found = shutil.which(beside_python) or shutil.which(name)
    for candidate in _ELSEWHERE.get(name, ()):
        found = found or shutil.which(candidate)
    if found:
        return found
    message = f"needs {name}: {why}"
    if os.environ.get("RELAPSE_CDS_REQUIRE_TOOLS") == "1":
        pytest.fail(message)
    pytest.skip(message)
