"""What the caller of the page knows beside the record: who is shown, from where, and where links lead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cds_rules.treatment.sections import SECTION_OF
from service.cards.build import Pages


@dataclass(frozen=True, slots=True)
class Shown:
    """One showing of the page.

    `action`: the page's own address, to which "what if" is posted; without anything of the patient in it
    where addresses are kept in logs. `resources`: base address at which a resource can be opened by a
    browser (Type/id is added), or None. `name`: as the record has it. `source`: where the record is from,
    in words. `notice`: a line over everything (a demonstration). `back`: a label and an address.
    """

    action: str
    pages: Pages
    static: str
    """Address of the folder of style sheet and script."""
    source: str
    read_at: datetime
    name: str | None = None
    resources: str | None = None
    notice: str | None = None
    back: tuple[str, str] | None = None
    hidden: Mapping[str, str] = field(default_factory=dict)
    """Fields that every form sends along, such as a token against forged posts."""
    sign_out: str | None = None
    """Address to which a sign-out is posted, if there is a session to end."""
    user: str | None = None
    """Who looks, as the record system names them."""
    frame_ancestors: str = "'none'"
    """Who may show the page in a frame, as the content policy writes it: an EHR that launches it inside."""

    def resource(self, reference: str) -> str | None:
        """Where to open a resource (Type/id), if it can be."""
        return f"{self.resources}/{reference}" if self.resources else None

    def rule(self, rule: str) -> str:
        """The rule book at a rule of advice."""
        return self.pages.rule(SECTION_OF[rule], rule)
