"""Settings of the SMART app: at which EHRs it is registered, its keys, its sessions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)
from pydantic_settings import NoDecode

from service.config.kinds import Origins, Parts, Url

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")


def _host(text: str) -> str:
    if not _HOST.fullmatch(text.lower()):
        raise ValueError("expected a host name such as auth.ehr.example, without scheme and port")
    return text.lower()


def _fhir_base(url: str) -> str:
    if "?" in url or "#" in url:
        raise ValueError("expected a FHIR base address without query and fragment")
    return url


Host = Annotated[str, AfterValidator(_host)]
FhirBase = Annotated[Url, AfterValidator(_fhir_base)]
Word = Annotated[str, StringConstraints(pattern=r"^[!-~]+$", max_length=255)]


class SmartIssuer(BaseModel):
    """One EHR at which the app is registered."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")] = Field(
        description="Short name in addresses: the redirect URI to register is "
        "PUBLIC_BASE_URL/smart/callback/ID."
    )
    name: Annotated[str, StringConstraints(min_length=1, max_length=80)] = Field(
        description="What users call it, for the list of the standalone launch."
    )
    iss: FhirBase = Field(description="FHIR base address, as the EHR gives it in `iss` when it launches.")
    client_id: Word = Field(description="Client id that the EHR gave the app at registration.")
    auth: Literal["none", "private_key_jwt", "client_secret_basic"] = Field(
        default="none",
        description="How the app authenticates: `none` (public client), `private_key_jwt` (with smart_keys; "
        "preferred) or `client_secret_basic`.",
    )
    client_secret: SecretStr | None = Field(default=None, description="With `client_secret_basic` only.")
    scopes: Literal["auto", "v1", "v2"] = Field(
        default="auto",
        description="Form of scopes: `v2` (patient/Condition.rs), `v1` (patient/Condition.read), or `auto`, "
        "what the server says it takes.",
    )
    openid: bool = Field(default=True, description="Ask who the user is (openid fhirUser).")
    standalone: bool = Field(default=True, description="Offer it in the list of the standalone launch.")
    oauth_hosts: tuple[Host, ...] = Field(
        default=(),
        description="Hosts beside that of `iss` on which the server's OAuth endpoints may lie.",
    )

    @model_validator(mode="after")
    def _secret_where_it_belongs(self) -> Self:
        if (self.client_secret is not None) != (self.auth == "client_secret_basic"):
            raise ValueError("client_secret belongs to client_secret_basic, which needs it")
        return self


class SmartSettings(BaseModel):
    """The SMART app. Without an issuer there is none, and cards have no link to it."""

    smart_issuers: tuple[SmartIssuer, ...] = Field(
        default=(),
        description="EHRs at which the SMART app is registered: `[[smart_issuers]]` tables in the TOML file, "
        "or a JSON list.",
    )
    smart_keys: Annotated[tuple[Path, ...], NoDecode, Parts] = Field(
        default=(),
        description="PEM files of private keys (EC P-384, or RSA of 2048 bits or more) for private_key_jwt. "
        "The first one signs; the public half of each is at /smart/jwks.json.",
    )
    smart_frame_ancestors: Origins = Field(
        default=(),
        description="Origins of EHR pages that may show the app in a frame; without any it needs a window of "
        "its own.",
    )
    smart_session_minutes: int = Field(
        default=30,
        ge=1,
        le=720,
        description="Longest time from a launch to the next, in minutes.",
    )
    smart_deadline_s: float = Field(
        default=5.0, gt=0, le=30, description="Seconds for each answer of an authorization server."
    )
