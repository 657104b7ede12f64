"""Encryption of rows with a key that only a browser's cookie holds: the database alone discloses nothing."""

from __future__ import annotations

import hmac
import re
import secrets
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES = 32
_NONCE_BYTES = 12
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22,64}")


def fresh() -> str:
    """256 random bits as text for addresses, forms and cookies."""
    return secrets.token_urlsafe(_KEY_BYTES)


def usable(text: str | None) -> str | None:
    """`text` if it can be one of ours, else None."""
    return text if text is not None and _TOKEN.fullmatch(text) else None


def seal(secret: str, name: str, content: bytes) -> bytes:
    """AES-256-GCM under a key derived from the secret for this name only."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(_key(secret, "row", name)).encrypt(nonce, content, name.encode())


def unseal(secret: str, name: str, sealed: bytes) -> bytes | None:
    """The content; None if the secret is not the one it was sealed with, or the row was changed or moved."""
    nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return AESGCM(_key(secret, "row", name)).decrypt(nonce, rest, name.encode())
    except (InvalidTag, ValueError):
        return None


def form_token(secret: str, name: str) -> str:
    """What a form of this session carries, and no other site's form can."""
    return hmac.new(_key(secret, "form", name), b"form", sha256).hexdigest()


def is_form_token(secret: str, name: str, given: str) -> bool:
    """Whether a form carried it."""
    return hmac.compare_digest(form_token(secret, name).encode(), given.encode("utf-8", "replace"))


def _key(secret: str, use: str, name: str) -> bytes:
    info = f"relapse-cds smart {use} {name}".encode()
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(secret.encode())
