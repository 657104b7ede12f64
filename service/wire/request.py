"""What a CDS client sends: request models, tolerant towards clients of CDS Hooks 1.0 to the 3.0 ballot.

Attributes carry the names used on the wire. Unknown members are ignored, and an optional member which is
null or an empty string counts as absent. Resources in ``context`` and ``prefetch`` pass through untouched:
they are large, and whoever needs one checks that one.

Secrets and patient data stay out of ``repr`` and ``str`` of these models and of their validation errors.
``ValidationError.errors()`` and ``.json()`` still hold the input: give callers ``constant_reason`` instead.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

MAX_NAME = 200
"""Longest ``hook``, ``hookInstance`` or ``userId`` accepted, in characters. The standard sets no limit."""

MAX_URL = 2000
"""Longest URL accepted, in characters."""

MAX_REASON_PATHS = 3
"""Paths named by ``constant_reason``; the rest are only counted."""

_VISIBLE_ASCII = re.compile(r"[!-~]+")
_FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def wrong_form(expected: str) -> PydanticCustomError:
    """An error for a value of the right type and the wrong form; ``expected`` must be a constant text."""
    return PydanticCustomError("wrong_form", "expected {expected}", {"expected": expected})


def split_http_url(url: str) -> SplitResult | None:
    """The parts of an absolute http or https URL, or None if it is not one or carries a user name."""
    # A backslash is read as a slash by some URL parsers and as text by others: an address must mean one host.
    if len(url) > MAX_URL or "\\" in url or not _VISIBLE_ASCII.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if usable and "@" not in parts.netloc else None


def none_if_empty(value: Any) -> Any:
    """None for an empty string or collection, else the value itself."""
    return None if isinstance(value, str | list | tuple | dict) and not value else value


def _fhir_base(url: str) -> str:
    parts = split_http_url(url)
    if parts is None or "?" in url or "#" in url:
        raise wrong_form("an http or https address without user name, query or fragment")
    # HTTP clients fold dot segments, encoded ones too: the address called would not be the one checked.
    if {".", ".."} & set(unquote(parts.path).split("/")):
        raise wrong_form("an address without dot segments")
    return url.rstrip("/")


def _header_safe(token: SecretStr) -> SecretStr:
    # The token becomes a header; a line break in it would start another one.
    if not _VISIBLE_ASCII.fullmatch(token.get_secret_value()):
        raise wrong_form("visible ASCII characters")
    return token


def _bearer(token_type: str) -> str:
    if token_type.lower() != "bearer":
        raise wrong_form("Bearer")
    return "Bearer"


def _bare_id(resource_type: str) -> AfterValidator:
    def check(text: str) -> str:
        bare = text.removeprefix(f"{resource_type}/")
        # "." and ".." have the form of an id, but in a URL they point to another resource.
        if not _FHIR_ID.fullmatch(bare) or bare in (".", ".."):
            raise wrong_form("a FHIR id")
        return bare

    return AfterValidator(check)


Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME)]
UserId = Annotated[str, StringConstraints(pattern=r"^[^\s\p{C}]+$", max_length=MAX_NAME)]
EncounterId = Annotated[str, _bare_id("Encounter")]
FhirBase = Annotated[str, AfterValidator(_fhir_base)]
Optionally = BeforeValidator(none_if_empty)


class WireModel(BaseModel):
    """Base of what is read from clients: unknown members ignored, immutable, input left out of error texts.

    CDS Hooks 2.0.1, RESTful API.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class FhirAuthorization(WireModel):
    """The token lent for this one call. ``expires_in`` in seconds; what clients often omit is None.

    CDS Hooks 2.0.1, Passing the access token to the CDS Service.
    """

    access_token: Annotated[SecretStr, AfterValidator(_header_safe)]
    token_type: Annotated[str, AfterValidator(_bearer)]
    expires_in: Annotated[int | None, Optionally] = None
    scope: Annotated[str | None, Optionally] = Field(default=None, repr=False)
    subject: Annotated[str | None, Optionally] = None
    patient: Annotated[str | None, Optionally] = Field(default=None, repr=False)


class HookRequest(WireModel):
    """One call of a service. ``prefetch`` holds the client's own objects, neither copied nor looked into.

    ``hookInstance`` need not be a UUID. A token without a server is let through: it is of no use, and the
    prefetch may suffice. ``fhirServer`` comes without a trailing slash. CDS Hooks 2.0.1, HTTP request.
    """

    hook: Name
    hookInstance: Name
    context: dict[str, Any] = Field(repr=False)
    fhirServer: Annotated[FhirBase | None, Optionally] = None
    fhirAuthorization: FhirAuthorization | None = None
    prefetch: dict[str, Any] | None = Field(default=None, repr=False)


class PatientViewContext(WireModel):
    """The context of patient-view: ids of the record opened, and who opened it (``Type/id``).

    Ids are bare; ``Patient/x`` and ``Encounter/x`` are cut to ``x``. CDS Hooks library, patient-view 1.0.
    """

    userId: UserId = Field(repr=False)
    patientId: Annotated[str, _bare_id("Patient")] = Field(repr=False)
    encounterId: Annotated[EncounterId | None, Optionally] = Field(default=None, repr=False)


def _bundle(resource: dict[str, Any]) -> dict[str, Any]:
    if resource.get("resourceType") != "Bundle":
        raise wrong_form("a Bundle")
    return resource


Selection = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+/[A-Za-z0-9\-.]{1,64}$")]


class OrderSignContext(PatientViewContext):
    """The context of order-sign: the orders about to be signed, as one Bundle.

    What is in it passes through untouched: whoever reads an order checks that one. CDS Hooks library,
    order-sign 1.0.
    """

    draftOrders: Annotated[dict[str, Any], AfterValidator(_bundle)] = Field(repr=False)


class OrderSelectContext(OrderSignContext):
    """The context of order-select: `selections` names those of the drafts just chosen, as Type/id.

    CDS Hooks library, order-select 1.0.
    """

    selections: tuple[Selection, ...] = Field(repr=False)


_WRONG_FORM = ("wrong_form", "string_pattern_mismatch", "literal_error", "json_invalid", "string_unicode")
_KINDS = {
    "missing": "is missing",
    "string_too_long": "is too long",
    "string_too_short": "is empty",
    "too_short": "is empty",
    "int_parsing": "has the wrong type",
    "int_from_float": "has the wrong type",
}


def _kind(error_type: str) -> str:
    if error_type.endswith("_type"):
        return "has the wrong type"
    if error_type in _WRONG_FORM:
        return "has the wrong form"
    return _KINDS.get(error_type, "is not accepted")


def _declared_names(model: type[BaseModel] = WireModel) -> Iterator[str]:
    for child in model.__subclasses__():
        yield from child.model_fields
        yield from _declared_names(child)


def _path(location: tuple[int | str, ...], names: frozenset[str], under: str) -> str:
    path = under
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part in names:
            path += f".{part}" if path else part
        else:
            # A key of the client's own making may say anything, a patient's name included.
            return f"{path}.*" if path else "*"
    return path or "body"


def constant_reason(error: ValidationError, under: str = "") -> str:
    """Why a request was refused, fit to be shown and logged: JSON paths and kinds of fault, no value.

    Only names declared by a ``WireModel`` are shown, in alphabetical order, at most ``MAX_REASON_PATHS``.
    ``under`` is the path of the part validated, such as ``context``.
    """
    names = frozenset(_declared_names())
    details = error.errors(include_url=False, include_context=False, include_input=False)
    faults = sorted({f"{_path(detail['loc'], names, under)} {_kind(detail['type'])}" for detail in details})
    shown = faults[:MAX_REASON_PATHS]
    if len(faults) > len(shown):
        shown.append(f"{len(faults) - len(shown)} more")
    return "; ".join(shown)
