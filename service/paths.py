"""Where the files that travel with the code are found: in a checkout and in an installed wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def fixtures_dir() -> Path:
    """The folder of demonstration patients and hook requests.

    In a checkout the repository's own `fixtures/`, so that an edit shows at once; otherwise the copy
    packed into the wheel. Raises FileNotFoundError when there is neither.
    """
    checkout = _PACKAGE.parent
    # pyproject.toml tells a checkout from a site-packages that happens to hold a `fixtures` folder.
    if (checkout / "pyproject.toml").is_file() and (checkout / "fixtures").is_dir():
        return checkout / "fixtures"
    packed = _PACKAGE / "_fixtures"
    if packed.is_dir():
        return packed
    raise FileNotFoundError("the demonstration fixtures are not installed")
