"""Settings: frozen, from the environment (RELAPSE_CDS_...), each with a sentence. A module for each group."""

from __future__ import annotations

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.config.record import RecordSettings
from service.config.serving import ServingSettings
from service.fhir.ca_file import CaFileError, check_ca_file

CA_FILE_VARIABLE = "RELAPSE_CDS_FHIR_CA_FILE"


class ConfigError(ValueError):
    """The settings do not allow a start; the message says what to change."""


class Settings(
    ServingSettings,
    RecordSettings,
    BaseSettings,
):
    """Everything that can be set. Environment variables are these names in capitals after RELAPSE_CDS_."""

    model_config = SettingsConfigDict(env_prefix="RELAPSE_CDS_", frozen=True, extra="forbid")


def check(settings: Settings) -> None:
    """ConfigError if the service must not start like this."""
    if settings.fhir_ca_file is not None:
        try:
            check_ca_file(settings.fhir_ca_file)
        except CaFileError as error:
            raise ConfigError(f"{CA_FILE_VARIABLE}: {error}") from None
    if settings.demo and settings.host not in ("127.0.0.1", "::1", "localhost"):
        raise ConfigError("the demonstration listens on a loopback address only")
    if not (settings.demo or settings.insecure):
        raise ConfigError(
            "callers cannot be checked yet: this version starts only as a demonstration "
            "(relapse-cds demo) or with RELAPSE_CDS_INSECURE=true, which lets anyone call it"
        )


def setting_faults(error: ValidationError) -> str:
    """Which settings are wrong, and how; values are left out, they may be secrets."""
    faults = [
        f"RELAPSE_CDS_{'_'.join(str(part) for part in e['loc']).upper()}: {e['msg']}" for e in error.errors()
    ]
    return "; ".join(faults)
