"""Settings: frozen, from the environment (RELAPSE_CDS_...), each with a sentence. A module for each group."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from service.config.callers import CallerSettings
from service.config.errors import ConfigError, fault_text
from service.config.observing import ObservingSettings
from service.config.outgoing import OutgoingSettings
from service.config.record import RecordSettings
from service.config.serving import ServingSettings
from service.config.smart import SmartSettings
from service.config.sources import from_files
from service.config.store import StoreSettings
from service.config.trials import TrialSettings
from service.fhir.ca_file import CaFileError, check_ca_file
from service.outgoing.reach import Reach

__all__ = ["CA_FILE_VARIABLE", "ConfigError", "Settings", "check", "reach_of", "setting_faults"]

CA_FILE_VARIABLE = "RELAPSE_CDS_FHIR_CA_FILE"


class Settings(
    ServingSettings,
    CallerSettings,
    RecordSettings,
    OutgoingSettings,
    ObservingSettings,
    StoreSettings,
    SmartSettings,
    TrialSettings,
    BaseSettings,
):
    """Everything that can be set. Environment variables are these names in capitals after RELAPSE_CDS_.

    First the environment, then the folder of secrets (RELAPSE_CDS_SECRETS_DIR), then the TOML file
    (RELAPSE_CDS_CONFIG), then the defaults. ConfigError if a file cannot be used.
    """

    model_config = SettingsConfigDict(env_prefix="RELAPSE_CDS_", frozen=True, extra="forbid")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Called by pydantic-settings."""
        return (init_settings, env_settings, *from_files(settings_cls))


def reach_of(settings: Settings) -> Reach:
    """Where calls may go. The demonstration and tests live on loopback."""
    loose = settings.demo or settings.insecure
    return Reach(settings.private_networks, private=loose, plain_http=loose or settings.allow_http)


def check(settings: Settings) -> None:
    """ConfigError if the service must not start like this."""
    if settings.fhir_ca_file is not None:
        _check_ca_file(CA_FILE_VARIABLE, settings.fhir_ca_file)
    if settings.fetch_overall < settings.fetch_per_server:
        raise ConfigError("RELAPSE_CDS_FETCH_OVERALL must not be less than RELAPSE_CDS_FETCH_PER_SERVER")
    if settings.demo and settings.host not in ("127.0.0.1", "::1", "localhost"):
        raise ConfigError("the demonstration listens on a loopback address only")
    if not settings.demo:
        _check_callers(settings)


def _check_callers(settings: Settings) -> None:
    if settings.tenants is None:
        if not settings.insecure:
            raise ConfigError(
                "nobody is registered to call: name a file of tenants in RELAPSE_CDS_TENANTS "
                "(docs/register-an-ehr.md), or set RELAPSE_CDS_INSECURE=true, which lets anyone call"
            )
        return
    if settings.insecure:
        raise ConfigError(
            "RELAPSE_CDS_TENANTS says who may call, RELAPSE_CDS_INSECURE=true that anyone may: leave one out"
        )
    if settings.fhir_servers:
        raise ConfigError(
            "RELAPSE_CDS_FHIR_SERVERS: with RELAPSE_CDS_TENANTS, each tenant has its own in that file"
        )
    if not settings.public_base_url.startswith("https://") and not settings.allow_http:
        raise ConfigError(
            "RELAPSE_CDS_PUBLIC_BASE_URL must be the https address that EHRs call: tokens are made out for it"
        )
    if settings.keys_ca_file is not None:
        _check_ca_file("RELAPSE_CDS_KEYS_CA_FILE", settings.keys_ca_file)


def _check_ca_file(variable: str, path: Path) -> None:
    try:
        check_ca_file(path)
    except CaFileError as error:
        raise ConfigError(f"{variable}: {error}") from None


def setting_faults(error: ValidationError) -> str:
    """Which settings are wrong, and how; values are left out, they may be secrets."""
    return "; ".join(f"RELAPSE_CDS_{_place(e['loc'])}: {fault_text(e['msg'])}" for e in error.errors())


def _place(loc: tuple[int | str, ...]) -> str:
    """The setting, and in a list which of its entries, counted from 1."""
    name, *inner = loc or ("",)
    parts = [f"entry {part + 1}" if isinstance(part, int) else part for part in inner]
    return ", ".join([str(name).upper(), *parts])
