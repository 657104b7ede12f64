"""relapse-cds config: the settings in force, and where each comes from."""

from __future__ import annotations

import os

import click
import orjson

from service.commands.common import start
from service.config.show import rows


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One object; secrets are masked here too.")
@click.option("--describe", is_flag=True, help="Also what each setting is for.")
def config(as_json: bool, describe: bool) -> None:
    """Print the settings in force, secrets masked; exit 2 if they do not allow a start."""
    start(lambda: _show(as_json=as_json, describe=describe))


def _show(*, as_json: bool, describe: bool) -> None:
    from service.auth.setup import tenants_of
    from service.config import Settings, check
    from service.config.sources import check_names

    check_names(os.environ, Settings.model_fields)
    settings = Settings()
    found = rows(settings)
    if as_json:
        click.echo(orjson.dumps({row.name: row.value for row in found}, option=orjson.OPT_INDENT_2))
    else:
        for row in found:
            click.echo(f"{row.name} = {row.text}  ({'set' if row.given else 'default'})")
            if describe:
                click.echo(f"    {row.description}")
    check(settings)
    tenants_of(settings)
