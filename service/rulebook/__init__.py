"""The rule book as a site: the generated Markdown of the clinical model, rendered once, with a search."""

from __future__ import annotations

from service.rulebook.site import create_rulebook_blueprint as create_rulebook_blueprint
