"""Risk at first relapse: four schemes, always side by side, and one variant beside them."""

from __future__ import annotations

from cds_rules.risk.bfm import BFM, BFM_TEXT
from cds_rules.risk.case import RiskCase
from cds_rules.risk.cog import AALL1331, PDQ2014
from cds_rules.risk.uk import UK_R3
from cds_rules.rule import Scheme

SCHEMES: tuple[Scheme[RiskCase], ...] = (AALL1331, PDQ2014, BFM, BFM_TEXT, UK_R3)
"""In the order in which they are shown."""

SCHEME_BY_ID = {scheme.id: scheme for scheme in SCHEMES}
