"""The assessment page: what is known of one patient, what the sources say of it, and why.

`respond` is what a caller needs; see README.md.
"""

from __future__ import annotations

from service.page.page import assessment_page, create_page_blueprint, respond
from service.page.shown import Shown

__all__ = ["Shown", "assessment_page", "create_page_blueprint", "respond"]
