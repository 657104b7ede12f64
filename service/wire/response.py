"""What the service sends: discovery and cards, strict so that no client has a reason to refuse them.

Attributes carry the names used on the wire. Models are immutable and refuse unknown members. Empty optional
members become None when a model is built and are left out when it is written: the standard allows neither
null nor empty values, ``cards`` and ``services`` excepted.
"""

from math import isfinite
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from service.wire.request import none_if_empty, split_http_url, wrong_form

MAX_SUMMARY = 139
"""Longest summary in characters: the standard asks for fewer than 140."""


def _http_url(url: str) -> str:
    if split_http_url(url) is None:
        raise wrong_form("an absolute http or https address")
    return url


def _has_gap(value: Any) -> bool:
    """Whether a null, an empty value or something JSON cannot say occurs anywhere in the value."""
    match value:
        case dict():
            return not value or any(not isinstance(key, str) or _has_gap(item) for key, item in value.items())
        case list():
            return not value or any(map(_has_gap, value))
        case str():
            return not value
        case float():
            return not isfinite(value)
        case _:
            return not isinstance(value, int)


def _resource(resource: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(resource.get("resourceType"), str) or _has_gap(resource):
        raise wrong_form("a FHIR resource without null or empty values")
    return resource


def _broken(rule: str) -> PydanticCustomError:
    return PydanticCustomError("broken_rule", "{rule}", {"rule": rule})


Optionally = BeforeValidator(none_if_empty)
Text = Annotated[str, StringConstraints(pattern=r"\S")]
Summary = Annotated[str, StringConstraints(pattern=r"^[^\r\n]*\S[^\r\n]*$", max_length=MAX_SUMMARY)]
Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
SystemUri = Annotated[str, StringConstraints(pattern=r"^(https?://|urn:)[!-~]+$")]
Resource = Annotated[dict[str, Any], AfterValidator(_resource)]
RelativeReference = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}$")]
PathSegment = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9\-.]*$")]
_PLACEHOLDER = r"context\.[A-Za-z]+|user(Practitioner|PractitionerRole|Patient|RelatedPerson)Id"
Template = Annotated[str, StringConstraints(pattern=rf"^[A-Z]([^{{}}\s]|\{{\{{({_PLACEHOLDER})\}}\}})*$")]
PrefetchKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]*$")]


class OutModel(BaseModel):
    """Base of what is sent: immutable, nothing but the members declared. CDS Hooks 2.0.1, RESTful API."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def to_json_dict(self) -> dict[str, Any]:
        """The model as plain dicts and lists without null or empty values, to be written as JSON."""
        return self.model_dump(mode="json", exclude_none=True)


class Coding(OutModel):
    """A code of a terminology; an override reason needs its ``display``. CDS Hooks 2.0.1, Coding."""

    system: SystemUri
    code: Text
    display: Annotated[Text | None, Optionally] = None


class Source(OutModel):
    """Where the guidance of a card comes from. CDS Hooks 2.0.1, Source."""

    label: Text
    url: Annotated[HttpUrl | None, Optionally] = None
    icon: Annotated[HttpUrl | None, Optionally] = None
    topic: Coding | None = None


class Action(OutModel):
    """One change proposed to the record: a whole resource, or to delete one its ``resourceId`` (``Type/id``).

    CDS Hooks 2.0.1, Action.
    """

    type: Literal["create", "update", "delete"]
    description: Text
    resource: Annotated[Resource | None, Optionally] = None
    resourceId: Annotated[RelativeReference | None, Optionally] = None

    @model_validator(mode="after")
    def _names_its_target(self) -> Self:
        if self.type == "delete":
            if self.resourceId is None or self.resource is not None:
                raise _broken("a deletion names a resourceId and carries no resource")
        elif self.resource is None or self.resourceId is not None:
            raise _broken("a creation or update carries a resource and no resourceId")
        return self


class Suggestion(OutModel):
    """Actions a user can accept together. The uuid lets feedback name it. CDS Hooks 2.0.1, Suggestion."""

    label: Text
    uuid: Uuid
    isRecommended: bool | None = None
    actions: Annotated[tuple[Action, ...] | None, Optionally] = None


class Link(OutModel):
    """A page (``absolute``) or an app (``smart``); only an app takes appContext. CDS Hooks 2.0.1, Link."""

    label: Text
    url: HttpUrl
    type: Literal["absolute", "smart"]
    appContext: Annotated[Text | None, Optionally] = None

    @model_validator(mode="after")
    def _app_context_is_for_apps(self) -> Self:
        if self.appContext is not None and self.type != "smart":
            raise _broken("appContext belongs to a smart link")
        return self


class Card(OutModel):
    """One piece of guidance; ``detail`` is GitHub-flavoured Markdown. uuid and detail are always sent here.

    CDS Hooks 2.0.1, Card attributes.
    """

    uuid: Uuid
    summary: Summary
    detail: Text
    indicator: Literal["info", "warning", "critical"]
    source: Source
    suggestions: Annotated[tuple[Suggestion, ...] | None, Optionally] = None
    selectionBehavior: Literal["at-most-one", "any"] | None = None
    overrideReasons: Annotated[tuple[Coding, ...] | None, Optionally] = None
    links: Annotated[tuple[Link, ...] | None, Optionally] = None
    rules: Annotated[tuple[str, ...], Field(exclude=True)] = ()
    """Ids of the rules stated, for metrics and audit; never sent."""

    @model_validator(mode="after")
    def _choices_are_clear(self) -> Self:
        suggestions = self.suggestions or ()
        if suggestions and self.selectionBehavior is None:
            raise _broken("suggestions need a selectionBehavior")
        recommended = sum(suggestion.isRecommended is True for suggestion in suggestions)
        if self.selectionBehavior == "at-most-one" and recommended > 1:
            raise _broken("at-most-one allows one recommended suggestion")
        if any(reason.display is None for reason in self.overrideReasons or ()):
            raise _broken("an override reason needs a display")
        return self


class CdsResponse(OutModel):
    """The answer to a hook: cards, most important first, or none. CDS Hooks 2.0.1, HTTP response."""

    cards: tuple[Card, ...]


class Service(OutModel):
    """One service offered. ``prefetch``: key to relative FHIR query, with tokens every 2.x client can fill.

    CDS Hooks 2.0.1, Discovery.
    """

    hook: Text
    title: Text
    description: Text
    id: PathSegment
    prefetch: Annotated[dict[PrefetchKey, Template] | None, Optionally] = None
    usageRequirements: Annotated[Text | None, Optionally] = None


class Discovery(OutModel):
    """All services of this address. CDS Hooks 2.0.1, Discovery."""

    services: tuple[Service, ...]
