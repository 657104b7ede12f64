"""The rule book as web pages: the generated Markdown, rendered once at start."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib import resources

from flask import Blueprint, Response, abort
from markdown_it import MarkdownIt

blueprint = Blueprint("rulebook", __name__, url_prefix="/rulebook")

_CSS = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:80rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}"
    "td,th{border:1px solid #bbb;padding:.3rem .5rem;text-align:left;vertical-align:top}"
    "table:nth-of-type(1) td:nth-child(2),table:nth-of-type(2) td:not(:last-child){white-space:nowrap}"
    "table:nth-of-type(2){font-size:.85rem}"
    "tr:target,tr:has(:target){background:#fff3bf}code,pre{background:#f3f3f3}pre{padding:.5rem;overflow-x:auto}"
    "@media(prefers-color-scheme:dark){body{background:#161616;color:#eee}a{color:#8ab4f8}"
    "tr:target,tr:has(:target){background:#5c4b00}code,pre{background:#2a2a2a}}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors *"


@cache
def pages() -> dict[str, str]:
    """Every page by name ("index" is the first), as complete HTML documents."""
    folder = resources.files("cds_rules").joinpath("rulebook")
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    found = {}
    for item in folder.iterdir():
        if item.name.endswith(".md"):
            text = item.read_text(encoding="utf-8")
            title = text.partition("\n")[0].lstrip("# ")
            found[item.name.removesuffix(".md")] = _page(title, markdown.render(text))
    return found


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_CSS}</style></head><body><main>{body}</main></body></html>"
    )


@blueprint.get("", defaults={"name": "index"})
@blueprint.get("/", defaults={"name": "index"})
@blueprint.get("/<name>")
def page(name: str) -> Response:
    """One page of the rule book; 404 if there is none of this name."""
    found = pages().get(name)
    if found is None:
        abort(404)
    response = Response(found, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _POLICY
    return response
