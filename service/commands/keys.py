"""relapse-cds keys: make a key pair, sign a token with it, and see which checks a token passes."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TextIO

import click

from service.commands.common import refused, start

_ALGORITHMS = ("ES384", "RS384", "ES256", "ES512", "RS256", "RS512", "PS256", "PS384", "PS512")


@click.group()
def keys() -> None:
    """Try out who may call: key pairs for tests, tokens, and what is wrong with a token."""


@keys.command("new")
@click.option("--alg", type=click.Choice(_ALGORITHMS), default="ES384", show_default=True)
@click.option("--kid", default=None, help="Name of the key; without it, its thumbprint.")
@click.option("--out", type=click.Path(path_type=Path), default=Path(), help="Folder to write to.")
def new(alg: str, kid: str | None, out: Path) -> None:
    """Make a key pair for tests: NAME.private.json, and NAME.jwks.json to register."""
    from service.auth.trial import write_pair

    try:
        private, public = write_pair(alg, kid, out)
    except FileExistsError:
        raise refused("there is a key of this name already, and it is left as it is") from None
    except OSError as error:
        raise refused(f"the key cannot be written: {error.strerror}") from None
    click.echo(f"private key (keep it): {private}")
    click.echo(f"public key set:        {public}")


@keys.command("token")
@click.option("--key", type=click.Path(path_type=Path), required=True, help="NAME.private.json")
@click.option("--issuer", required=True, help="The iss of the token.")
@click.option("--aud", required=True, help="Address that is going to be called.")
@click.option("--tenant", default=None, help="The tenant claim.")
@click.option("--jku", default=None, help="Where the public key set is, for the header.")
@click.option("--lifetime", type=click.IntRange(1, 86_400), default=300, show_default=True, help="Seconds.")
def token(key: Path, issuer: str, aud: str, tenant: str | None, jku: str | None, lifetime: int) -> None:
    """Print a token signed with a key of `keys new`, as a CDS client sends it. It is good for one call."""
    from service.auth.trial import KeyFileError, signed

    try:
        click.echo(signed(key, issuer=issuer, audience=aud, tenant=tenant, jku=jku, lifetime_s=lifetime))
    except KeyFileError as error:
        raise refused(f"{key}: {error}") from None


@keys.command("check")
@click.option("--aud", required=True, help="Address that the token is for, such as .../cds-services.")
@click.argument("source", type=click.File("r"), default="-")
def check(aud: str, source: TextIO) -> None:
    """Hold a token against the tenants of the settings, check by check; exit 1 if it is not accepted.

    The token is read from a file or standard input, with or without `Bearer`. It is not used up by this.
    """
    text = source.read().strip()
    accepted: list[bool] = []
    start(lambda: accepted.append(_report(text, aud)))
    sys.exit(0 if accepted[0] else 1)


def _report(text: str, aud: str) -> bool:
    from service.auth.setup import tenants_of
    from service.auth.trial import lines
    from service.config import ConfigError, Settings
    from service.config.sources import check_names

    check_names(os.environ, Settings.model_fields)
    settings = Settings()
    tenants = tenants_of(settings)
    if tenants is None:
        raise ConfigError("RELAPSE_CDS_TENANTS names no file: there is nothing to check a token against")
    accepted = True
    for line in lines(text, aud.rstrip("/"), tenants, settings.token_leeway_s, time.time()):
        accepted = accepted and line.passed is True
        click.echo(f"{line.mark}  {line.name}: {line.text}")
    if aud.rstrip("/") != settings.public_base_url and not aud.startswith(f"{settings.public_base_url}/"):
        click.echo(f"note  --aud does not begin with RELAPSE_CDS_PUBLIC_BASE_URL, {settings.public_base_url}")
    click.echo("accepted" if accepted else "not accepted: the service answers 401")
    return accepted
