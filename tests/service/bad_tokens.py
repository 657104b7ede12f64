"""Tokens that must be refused, by what is wrong with them: RFC 7519, RFC 8725, and known attacks."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable

from joserfc.jwk import OctKey

from tests.conftest import BASE
from tests.service import callers
from tests.service.callers import CALL, DISCOVERY, ISSUER, JKU, VENDOR, b64, claims, header, key, token

NOW = int(time.time())
FEEDBACK = f"{CALL}/feedback"

Make = Callable[[], str]
STRANGER = key("ec-of-a-stranger")
RSA = key("rsa", "RS384")


def other_key_same_kid() -> str:
    return token(key("ec", "ES384", 1), header())


def resigned(given: str, **changes: object) -> str:
    """A token whose payload was changed after it was signed."""
    head, _, signature = given.split(".")
    return f"{head}.{b64(json.dumps(claims(**changes)).encode())}.{signature}"


def public_key_as_secret(algorithm: str, digest: str) -> str:
    """The public key, which anyone knows, used as the secret of an HMAC."""
    head = header(RSA, alg=algorithm)
    signed_part = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims()).encode())}"
    secret = RSA.as_pem(private=False)
    return f"{signed_part}.{b64(hmac.new(secret, signed_part.encode(), getattr(hashlib, digest)).digest())}"


def altered(change: Callable[[str, str, str], str]) -> Make:
    return lambda: change(*token().split("."))


ALGORITHMS: dict[str, Make] = {
    "none": lambda: callers.unsigned(header(alg="none"), claims()),
    "none with a signature": lambda: callers.unsigned(header(alg="none"), claims(), "AAAA"),
    "None": lambda: callers.unsigned(header(alg="None"), claims(), "AAAA"),
    "NONE": lambda: callers.unsigned(header(alg="NONE"), claims(), "AAAA"),
    "nOnE": lambda: callers.unsigned(header(alg="nOnE"), claims(), "AAAA"),
    "missing": lambda: token(head=header(alg=None)),
    "empty": lambda: token(head=header(alg="")),
    "a number": lambda: token(head=header(alg=384)),
    "a list": lambda: token(head=header(alg=["ES384"])),
    "unknown": lambda: token(head=header(alg="ES999")),
    "small letters": lambda: token(head=header(alg="es384")),
    "HS256 with a secret": lambda: callers.raw(header(alg="HS256"), json.dumps(claims()).encode(),
                                               OctKey.import_key("a" * 64)),
    "HS256 with the public key": lambda: public_key_as_secret("HS256", "sha256"),
    "HS384 with the public key": lambda: public_key_as_secret("HS384", "sha384"),
    "HS512 with the public key": lambda: public_key_as_secret("HS512", "sha512"),
    "not allowed by the settings: RS256": lambda: token(RSA, header(RSA, alg="RS256")),
    "not allowed by the settings: PS384": lambda: token(RSA, header(RSA, alg="PS384")),
    "not allowed by the settings: ES256": lambda: token(key("ec256", "ES256")),
    "RS384 with the id of the EC key": lambda: token(RSA, header(RSA, kid="ec")),
    "ES384 with the id of the RSA key": lambda: token(head=header(kid="rsa")),
}  # fmt: skip

HEADERS: dict[str, Make] = {
    "typ missing": lambda: token(head=header(typ=None)),
    "typ of an access token": lambda: token(head=header(typ="at+jwt")),
    "typ a number": lambda: token(head=header(typ=1)),
    "kid missing": lambda: token(head=header(kid=None)),
    "kid unknown": lambda: token(head=header(kid="other")),
    "kid empty": lambda: token(head=header(kid="")),
    "kid a number": lambda: token(head=header(kid=1)),
    "kid an object": lambda: token(head=header(kid={"a": 1})),
    "kid a path": lambda: token(head=header(kid="../../../../dev/null")),
    "kid a query": lambda: token(head=header(kid="ec' OR '1'='1")),
    "kid of another tenant": lambda: token(key("vendor"), header(key("vendor"))),
    "kid very long": lambda: token(head=header(kid="k" * 3000)),
    "its own key (jwk)": lambda: token(STRANGER, header(kid="ec", jwk=STRANGER.as_dict(private=False))),
    "its own key, and a right signature": lambda: token(head=header(jwk=key().as_dict(private=False))),
    "its own certificate (x5c)": lambda: token(STRANGER, header(kid="ec", x5c=["MIIB"])),
    "the address of a certificate (x5u)": lambda: token(head=header(x5u="https://evil.example/c.pem")),
    "crit": lambda: token(head=header(crit=["exp"], exp=1)),
    "crit empty": lambda: token(head=header(crit=[])),
    "payload not encoded (b64)": lambda: token(head=header(b64=False, crit=["b64"])),
    "compressed": lambda: token(head=header(zip="DEF")),
    "a token in a token": lambda: token(head=header(cty="JWT")),
    "jku not listed": lambda: token(head=header(jku="https://evil.example/jwks.json")),
    "jku below the listed one": lambda: token(head=header(jku=f"{JKU}/../evil.json")),
    "jku with a query": lambda: token(head=header(jku=f"{JKU}?x=1")),
    "jku in other case": lambda: token(head=header(jku=JKU.upper())),
    "jku on a private network": lambda: token(head=header(jku="http://169.254.169.254/latest/meta-data/")),
    "jku a file": lambda: token(head=header(jku="file:///etc/passwd")),
    "jku a list": lambda: token(head=header(jku=[JKU])),
    "jku empty": lambda: token(head=header(jku="")),
    "too large": lambda: token(head=header(junk="x" * 9000)),
    "large": lambda: token(head=header(junk="x" * 5000)),
}

CLAIMS: dict[str, Make] = {
    "iss missing": lambda: token(iss=None),
    "iss unknown": lambda: token(iss="https://evil.example"),
    "iss with a slash more": lambda: token(iss=f"{ISSUER}/"),
    "iss in other case": lambda: token(iss=ISSUER.upper()),
    "iss a list": lambda: token(iss=[ISSUER]),
    "iss of another tenant": lambda: token(iss=VENDOR, tenant="south"),
    "tenant nobody listed": lambda: token(tenant="north"),
    "tenant unknown": lambda: token(key("vendor"), iss=VENDOR, tenant="west"),
    "tenant missing where it is needed": lambda: token(key("vendor"), iss=VENDOR),
    "tenant a number": lambda: token(tenant=1),
    "tenant empty": lambda: token(tenant=""),
    "aud missing": lambda: token(aud=None),
    "aud of discovery": lambda: token(aud=DISCOVERY),
    "aud of another service": lambda: token(aud=f"{CALL}-order-sign"),
    "aud of feedback": lambda: token(aud=FEEDBACK),
    "aud another host": lambda: token(aud=CALL.replace("cds.example", "cds.other.example")),
    "aud http": lambda: token(aud=CALL.replace("https", "http")),
    "aud a beginning": lambda: token(aud=BASE),
    "aud a list without it": lambda: token(aud=[DISCOVERY, FEEDBACK]),
    "aud an empty list": lambda: token(aud=[]),
    "aud nested": lambda: token(aud=[[CALL]]),
    "aud an object": lambda: token(aud={"url": CALL}),
    "exp missing": lambda: token(exp=None),
    "exp passed": lambda: token(iat=NOW - 400, exp=NOW - 100),
    "exp a text": lambda: token(exp=str(NOW + 300)),
    "exp true": lambda: token(exp=True),
    "exp negative": lambda: token(exp=-1),
    "exp before iat": lambda: token(iat=NOW + 20, exp=NOW - 10),
    "exp far away": lambda: token(exp=NOW + 10**9),
    "exp beyond all calendars": lambda: token(exp=10**18),
    "exp infinite": lambda: callers.raw(header(), b'{"iss": "%b", "exp": 1e999}' % ISSUER.encode()),
    "exp no number": lambda: callers.raw(header(), b'{"iss": "%b", "exp": NaN}' % ISSUER.encode()),
    "iat missing": lambda: token(iat=None),
    "iat in the future": lambda: token(iat=NOW + 200, exp=NOW + 400),
    "iat a text": lambda: token(iat=str(NOW)),
    "lifetime too long": lambda: token(iat=NOW, exp=NOW + 3700),
    "lifetime too long for this tenant": lambda: token(key("vendor"), iss=VENDOR, tenant="north"),
    "nbf in the future": lambda: token(nbf=NOW + 200),
    "nbf a text": lambda: token(nbf="now"),
    "jti missing": lambda: token(jti=None),
    "jti empty": lambda: token(jti=""),
    "jti a number": lambda: token(jti=7),
    "jti very long": lambda: token(jti="j" * 501),
}

FORMS: dict[str, Make] = {
    "nothing": lambda: "",
    "one part": lambda: "eyJhbGciOiJFUzM4NCJ9",
    "two parts": altered(lambda head, body, _: f"{head}.{body}"),
    "no signature": altered(lambda head, body, _: f"{head}.{body}."),
    "four parts": altered(lambda head, body, signature: f"{head}.{body}.{signature}.{signature}"),
    "five parts, encrypted": lambda: ".".join(
        ["eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0", "", "AA", "AA", "AA"]
    ),
    "padded": altered(lambda head, body, signature: f"{head}=.{body}.{signature}"),
    "another alphabet": altered(lambda head, body, signature: f"{head}.{body}.{signature[:-4]}+/+/"),
    "a line break": altered(lambda head, body, signature: f"{head}.{body}.{signature[:9]}%0A{signature[9:]}"),
    "header is no JSON": altered(lambda _, body, signature: f"AAAA.{body}.{signature}"),
    "header is a list": altered(lambda _, body, signature: f"{b64(b'[]')}.{body}.{signature}"),
    "header nested deeply": altered(lambda _, body, s: f"{b64(b'[' * 3000)}.{body}.{s}"),
    "payload is no JSON": lambda: callers.raw(header(), b"hello"),
    "payload is a list": lambda: callers.raw(header(), b"[1]"),
    "payload is empty": lambda: callers.raw(header(), b"{}"),
    "payload is no text": lambda: callers.raw(header(), b"\xff\xfe"),
}

SIGNATURES: dict[str, Make] = {
    "of another key with the same id": other_key_same_kid,
    "of nobody": altered(lambda head, body, _: f"{head}.{body}.{b64(bytes(96))}"),
    "of ones": altered(lambda head, body, _: f"{head}.{body}.{b64((1).to_bytes(48) * 2)}"),
    "of the wrong length": altered(lambda head, body, _: f"{head}.{body}.{b64(bytes(10))}"),
    "cut short": altered(lambda head, body, signature: f"{head}.{body}.{signature[:-8]}"),
    "one bit changed": altered(
        lambda head, body, s: f"{head}.{body}.{s[:20]}{'A' if s[20] != 'A' else 'B'}{s[21:]}"
    ),
    "of another token": altered(lambda head, body, _: f"{head}.{body}.{token().split('.')[2]}"),
    "payload changed": lambda: resigned(token()),
    "issuer changed": lambda: resigned(token(key("vendor"), iss=VENDOR, tenant="south"), iss=ISSUER),
    "header changed": altered(lambda _, body, s: f"{b64(json.dumps(header(kid='rsa')).encode())}.{body}.{s}"),
    "in DER": lambda: callers.unsigned(header(), claims(), b64(bytes.fromhex("3006020101020101"))),
}
