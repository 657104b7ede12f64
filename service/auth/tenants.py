"""The tenants file: which CDS clients may call, with which keys, and which FHIR servers they may name."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from service.auth.algorithms import Algorithm
from service.auth.keyring import KeysError
from service.auth.keys import KeySource, from_file, from_url
from service.config.errors import ConfigError
from service.fhir.servers import AllowedServers
from service.outgoing.address import Address
from service.outgoing.client import OutgoingClient

VARIABLE = "RELAPSE_CDS_TENANTS"
MAX_LIFETIME_S = 86_400


@dataclass(frozen=True, slots=True)
class Tenant:
    """One organization that calls."""

    name: str
    algorithms: frozenset[str]
    jku: tuple[str, ...]
    sources: tuple[KeySource, ...] = field(repr=False)
    source_of: Mapping[str, KeySource] = field(repr=False)
    """jku -> where its keys come from."""
    max_lifetime_s: int
    servers: AllowedServers
    client_ids: frozenset[str]
    """Ours at its authorization server; empty = not checked."""


@dataclass(frozen=True, slots=True)
class Tenants:
    """Who may call: by issuer, and by the `tenant` claim where an issuer speaks for several."""

    by_issuer: Mapping[str, Mapping[str | None, Tenant]]

    def find(self, issuer: str, claim: str | None) -> Tenant | None:
        """The tenant of a token. One with a `tenant` claim needs an entry that lists it."""
        return self.by_issuer.get(issuer, {}).get(claim)

    def all(self) -> tuple[Tenant, ...]:
        """Each once, in the order of the file."""
        found = (tenant for claims in self.by_issuer.values() for tenant in claims.values())
        return tuple({tenant.name: tenant for tenant in found}.values())


def _plain_url(url: str) -> str:
    if Address.of(url) is None:
        raise ValueError("expected an http or https address without user name, query, dot or empty segments")
    return url


Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
PlainUrl = Annotated[str, AfterValidator(_plain_url)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    issuers: tuple[Text, ...] = Field(min_length=1)
    tenant_ids: tuple[Text, ...] = ()
    jku: tuple[PlainUrl, ...] = ()
    jwks_file: Path | None = None
    algorithms: tuple[Algorithm, ...] | None = Field(default=None, min_length=1)
    max_lifetime_s: int | None = Field(default=None, ge=10, le=MAX_LIFETIME_S)
    fhir_servers: tuple[PlainUrl, ...] = ()
    client_ids: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _has_keys(self) -> Self:
        if not self.jku and self.jwks_file is None:
            raise ValueError("needs jku or jwks_file: where its keys are")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    tenant: tuple[_Entry, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for tenants that say nothing else, and how their keys may be fetched."""

    algorithms: tuple[Algorithm, ...]
    max_lifetime_s: int
    plain_http: bool


def load_tenants(path: Path, defaults: Defaults, client: OutgoingClient) -> Tenants:
    """The tenants of a file. ConfigError says in one line what is wrong with it.

    Keys in files are read now; those at addresses when the first token comes.
    """
    entries = _read(path)
    sources: dict[str, KeySource] = {}

    def source(url: str) -> KeySource:
        if url not in sources:
            sources[url] = KeySource(url, from_url(url, client))
        return sources[url]

    by_issuer: dict[str, dict[str | None, Tenant]] = {}
    for entry in entries:
        tenant = _tenant(entry, path.parent, defaults, source)
        claims: Iterable[str | None] = entry.tenant_ids or (None,)
        for issuer in entry.issuers:
            known = by_issuer.setdefault(issuer, {})
            for claim in claims:
                if claim in known:
                    raise _fault(entry.name, "another tenant has the same issuer and tenant_ids")
                known[claim] = tenant
    return Tenants(by_issuer)


def _read(path: Path) -> tuple[_Entry, ...]:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{VARIABLE}: the file cannot be read") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{VARIABLE}: the file is not TOML: {error}") from None
    try:
        entries = _File.model_validate(content).tenant
    except ValidationError as error:
        raise ConfigError(f"{VARIABLE}: {_faults(error)}") from None
    names = [entry.name for entry in entries]
    if len(set(names)) < len(names):
        raise ConfigError(f"{VARIABLE}: two tenants have the same name")
    return entries


def _faults(error: ValidationError) -> str:
    return "; ".join(f"{_place(e['loc'])}: {e['msg']}" for e in error.errors(include_input=False))


def _place(location: tuple[int | str, ...]) -> str:
    """`tenant 2 jku 1`: counted as people count."""
    return " ".join(str(part + 1) if isinstance(part, int) else part for part in location) or "file"


def _fault(name: str, what: str) -> ConfigError:
    return ConfigError(f"{VARIABLE}: tenant {name}: {what}")


def _tenant(entry: _Entry, folder: Path, defaults: Defaults, source: Callable[[str], KeySource]) -> Tenant:
    for url in (*entry.jku, *entry.fhir_servers):
        if not url.startswith("https:") and not defaults.plain_http:
            raise _fault(entry.name, "addresses must be https (or RELAPSE_CDS_ALLOW_HTTP=true, for tests)")
    sources: tuple[KeySource, ...]
    if entry.jwks_file is not None:
        # Then its jku are only names that its tokens may give: nothing is fetched.
        sources = (_file_source(entry, folder / entry.jwks_file),)
        source_of = dict.fromkeys(entry.jku, sources[0])
    else:
        source_of = {url: source(url) for url in entry.jku}
        sources = tuple(source_of.values())
    return Tenant(
        name=entry.name,
        algorithms=frozenset(entry.algorithms or defaults.algorithms),
        jku=entry.jku,
        sources=sources,
        source_of=source_of,
        max_lifetime_s=entry.max_lifetime_s or defaults.max_lifetime_s,
        servers=AllowedServers.of(entry.fhir_servers),
        client_ids=frozenset(entry.client_ids),
    )


def _file_source(entry: _Entry, path: Path) -> KeySource:
    made = KeySource(f"tenant {entry.name}", from_file(path))
    try:
        ring = made.load_now()
    except KeysError as error:
        raise _fault(entry.name, f"jwks_file: {error}") from None
    if not ring.keys:
        raise _fault(entry.name, "; ".join(("jwks_file: no usable key", *ring.left_out)))
    return made
