"""Brands of drugs: how records name a product without its ingredient. The names live in brands.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

_NAME = re.compile(r"[a-z]{4,}")
"""One word in lower case; shorter ones are abbreviations of something else."""


class BrandError(ValueError):
    """An entry of brands.toml that cannot be trusted."""


@cache
def brands() -> Mapping[str, str]:
    """The ingredient of each brand, by our drug names. Read once; BrandError if the file was damaged."""
    text = (files("cds_rules.terminology") / "brands.toml").read_text(encoding="utf-8")
    return read_brands(text)


def read_brands(text: str) -> Mapping[str, str]:
    """The same, from the text of such a file."""
    try:
        entries: Mapping[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BrandError("brands.toml is no TOML, or names a brand twice") from error
    for name, entry in entries.items():
        if not _NAME.fullmatch(name) or not isinstance(entry, dict) or set(entry) != {"drug", "source"}:
            raise BrandError(f"the brand {name!r} is not one word in lower case with a drug and a source")
        if not all(isinstance(told, str) and told for told in entry.values()):
            raise BrandError(f"the brand {name!r} has an empty drug or source")
    return MappingProxyType({name: entry["drug"] for name, entry in entries.items()})
