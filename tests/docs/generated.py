"""Writes the pages of docs/ that follow from the program, `make docs`: settings.md and api.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from service.app import create_app
from service.config import Settings

DOCS = Path(__file__).resolve().parents[2] / "docs"
BASE = "https://cds.hospital.example"

Json = dict[str, Any]

_SETTINGS = """\
# Settings

Written by `make docs` from the program; do not edit.

Environment variables, or a TOML file named by `RELAPSE_CDS_CONFIG` (the names below, lists as lists), and
for secrets a folder with a file for each, named by `RELAPSE_CDS_SECRETS_DIR`. In the environment the name is
in capitals after `RELAPSE_CDS_`, and lists are separated by commas. The environment wins over the folder, the
folder over the file. A name that is no setting is refused.

What is in force, secrets masked; exit code 2 if it does not allow a start:

```sh
RELAPSE_CDS_INSECURE=true relapse-cds config --describe
```
"""
_API = f"""\
# API reference

Written by `make docs` from `/openapi.json` of the program; do not edit. The document itself, with every
schema, is served by each running service. `{BASE}` stands for your address.

Errors are FHIR OperationOutcomes with a constant text. Calls marked *token* need `Authorization: Bearer` with
the EHR's JWT.
"""


def pages() -> dict[str, str]:
    """The generated pages by file name."""
    return {"settings.md": "\n".join(_settings()), "api.md": "\n".join(_api(_document()))}


def _settings() -> Iterator[str]:
    yield _SETTINGS
    for group in Settings.__bases__:
        if not issubclass(group, BaseModel) or group is BaseSettings:
            continue
        heading, _, more = (group.__doc__ or "").strip().partition("\n")
        yield f"## {heading.rstrip('.')}\n"
        if more.strip():
            yield f"{' '.join(more.split())}\n"
        yield "| setting | default | what it is |"
        yield "|---|---|---|"
        for name in (each for each in group.__annotations__ if each in Settings.model_fields):
            yield f"| `{name}` | {_default(Settings.model_fields[name])} | {_cell(_about(name))} |"
        yield ""


def _about(name: str) -> str:
    description = Settings.model_fields[name].description
    if not description:
        raise ValueError(f"{name} has no description")
    return description


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return "none" if value in (None, (), "", []) else f"`{value}`"


def _document() -> Json:
    app = create_app(Settings(insecure=True, public_base_url=BASE))
    found: Json = app.test_client().get("/openapi.json").get_json()
    return found


def _api(document: Json) -> Iterator[str]:
    yield _API
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            yield from _operation(path, method, said)
    yield "## Schemas\n"
    yield "| schema | what it is |"
    yield "|---|---|"
    for name, schema in sorted(document["components"]["schemas"].items()):
        about = _cell(_first(str(schema.get("description", "")))) or "see `/openapi.json`"
        yield f"| `{name}` | {about} |"
    yield ""


def _operation(path: str, method: str, said: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {method.upper()} {path}\n"
    yield f"{said['summary']}{' *Token.*' if said.get('security') else ''}\n"
    for parameter in said.get("parameters", ()):
        yield f"- `{parameter['name']}` (in {parameter['in']}): {parameter['description']}"
    body = said.get("requestBody")
    if body:
        yield f"- Body: {_content(body)}"
    for status, answer in sorted(said["responses"].items()):
        yield f"- {status}: {' '.join(str(answer['description']).split())}{_ending(answer)}"
    yield ""


def _ending(answer: Mapping[str, Any]) -> str:
    content = _content(answer)
    return f" {content}" if content else ""


def _content(carrier: Mapping[str, Any]) -> str:
    parts = []
    for media, content in carrier.get("content", {}).items():
        reference = str(content.get("schema", {}).get("$ref", ""))
        schema = f" `{reference.rpartition('/')[2]}`" if reference else ""
        parts.append(f"{media}{schema}")
    return f"({', '.join(parts)})" if parts else ""


def _first(text: str) -> str:
    return re.split(r"(?<=\.)\s|\n\n", text.strip(), maxsplit=1)[0]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
