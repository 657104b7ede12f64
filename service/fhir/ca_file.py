"""The certificates of a hospital's own authority, for FHIR servers inside the hospital."""

from __future__ import annotations

import ssl
from pathlib import Path


class CaFileError(ValueError):
    """The file cannot be used; the message is constant text."""


def check_ca_file(path: Path) -> None:
    """CaFileError unless the file holds at least one certificate in PEM form."""
    try:
        path.read_bytes()
    except OSError:
        raise CaFileError("the file cannot be read") from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=str(path))
    except (ssl.SSLError, OSError):
        raise CaFileError("the file holds no certificate in PEM form, or a damaged one") from None
    if not context.cert_store_stats()["x509"]:
        raise CaFileError("the file holds no certificate")
