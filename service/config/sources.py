"""Where settings come from beside the environment: a TOML file, and a folder with a file for each secret."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    TomlConfigSettingsSource,
)

from service.config.errors import ConfigError

PREFIX = "RELAPSE_CDS_"
CONFIG_VARIABLE = "RELAPSE_CDS_CONFIG"
SECRETS_VARIABLE = "RELAPSE_CDS_SECRETS_DIR"

_NO_SETTINGS = {
    CONFIG_VARIABLE: "the TOML file of settings",
    SECRETS_VARIABLE: "a folder with a file for each secret setting",
    "RELAPSE_CDS_FHIR_TOKEN": "read by `relapse-cds check`",
    "RELAPSE_CDS_REQUIRE_TOOLS": "read by the tests",
}
"""Variables of ours that are no settings, and what they are."""


def from_files(settings: type[BaseSettings]) -> tuple[PydanticBaseSettingsSource, ...]:
    """The sources that the environment names. ConfigError if one of them cannot be used."""
    found: list[PydanticBaseSettingsSource] = []
    if folder := os.environ.get(SECRETS_VARIABLE):
        if not Path(folder).is_dir():
            raise ConfigError(f"{SECRETS_VARIABLE}: there is no such folder")
        found.append(SecretsSettingsSource(settings, secrets_dir=folder, env_prefix=""))
    if file := os.environ.get(CONFIG_VARIABLE):
        _check_toml(Path(file))
        found.append(TomlConfigSettingsSource(settings, toml_file=file))
    return tuple(found)


def _check_toml(path: Path) -> None:
    try:
        tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{CONFIG_VARIABLE}: the file cannot be read") from None
    except tomllib.TOMLDecodeError:
        raise ConfigError(f"{CONFIG_VARIABLE}: the file is not TOML") from None


def check_names(environ: Mapping[str, str], settings: Iterable[str]) -> None:
    """ConfigError for a variable that looks like a setting and is none: a typing error sets nothing."""
    known = {f"{PREFIX}{name.upper()}" for name in settings} | _NO_SETTINGS.keys()
    for name in sorted(environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1)
            hint = f"; is {near[0]} meant?" if near else ""
            raise ConfigError(f"{name} is no setting{hint}")
