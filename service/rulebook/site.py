"""The pages of the rule book over HTTP. Rendered once for all workers; only the search is made anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from flask import Blueprint, Response, abort, request
from jinja2 import Environment, PackageLoader
from markdown_it import MarkdownIt
from markupsafe import Markup

from service.errors import FHIR_JSON
from service.rulebook.book import INDEX, Book, Page, book
from service.rulebook.search import MAX_QUERY, Entry, entries, search

HTML = "text/html"

# Any EHR may show a rule in a frame beside the card: the pages hold no secret and do nothing.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors *"
)
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
"""Only for pages that this program has written itself."""


def create_rulebook_blueprint(patients_at: str | None = None) -> Blueprint:
    """The site, at /rulebook. `patients_at`: where the pages of synthetic patients are, if anywhere."""
    site = _site(patients_at)
    blueprint = Blueprint(
        "rulebook", __name__, url_prefix="/rulebook", static_folder="static", static_url_path="/static"
    )
    blueprint.add_url_rule("/", "index", lambda: _html(site.pages[INDEX]))
    blueprint.add_url_rule("/search", "search", lambda: _html(site.found(request.args.get("q", ""))))
    blueprint.add_url_rule("/<name>", "page", site.page)
    return blueprint


def pages(patients_at: str | None = None) -> Mapping[str, str]:
    """Every page by name (the first is INDEX), as complete HTML documents."""
    return _site(patients_at).pages


@dataclass(frozen=True)
class _Site:
    templates: Environment
    book: Book
    known: tuple[Entry, ...]
    pages: Mapping[str, str]

    def page(self, name: str) -> Response:
        """One page. Where there is none a browser gets one that says so: links of old cards end here."""
        if name in self.pages:
            return _html(self.pages[name])
        if request.accept_mimetypes.best_match([FHIR_JSON, HTML]) != HTML:
            abort(404)
        return _html(self.templates.get_template("missing.html").render(book=self.book), status=404)

    def found(self, query: str) -> str:
        """The page of results."""
        said = query.strip()
        template = self.templates.get_template("found.html")
        return template.render(book=self.book, query=said[:MAX_QUERY], found=search(self.known, said))


@cache
def _site(patients_at: str | None) -> _Site:
    templates = Environment(
        loader=PackageLoader("service.rulebook"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters["markdown"] = _rendered
    templates.filters["inline"] = _inline
    templates.globals["patients_at"] = patients_at
    whole = book()
    rules = sum(len(page.rules) + len(page.rows) for page in whole.pages if page.name != "trials")
    made = {INDEX: templates.get_template("index.html").render(book=whole, rules=rules)}
    for page in whole.pages:
        before, after = _neighbours(whole.pages, page)
        made[page.name] = templates.get_template("page.html").render(
            book=whole, page=page, before=before, after=after
        )
    return _Site(templates, whole, entries(whole), made)


def _neighbours(all_pages: tuple[Page, ...], page: Page) -> tuple[Page | None, Page | None]:
    at = all_pages.index(page)
    return (all_pages[at - 1] if at else None), (all_pages[at + 1] if at + 1 < len(all_pages) else None)


def _rendered(text: str) -> Markup:
    html = str(_MARKDOWN.render(text))
    # A wide table scrolls by itself, and must be reached by keyboard to do so.
    html = html.replace("<table>", '<div class="wide" tabindex="0" role="group" aria-label="Table"><table>')
    return Markup(html.replace("</table>", "</table></div>"))  # noqa: S704 - our own pages


def _inline(text: str) -> Markup:
    return Markup(_MARKDOWN.renderInline(text))  # noqa: S704 - our own pages


def _html(document: str, status: int = 200) -> Response:
    response = Response(document, status=status, content_type=f"{HTML}; charset=utf-8")
    response.headers["Content-Security-Policy"] = _POLICY
    return response
