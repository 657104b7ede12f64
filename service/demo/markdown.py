"""Markdown of cards and stories as HTML that cannot do harm: no HTML, no images, web links only."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

_SAFE_STARTS = ("https://", "http://", "/", "#")


class _Markdown(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
        """Only the web and this site: no script, no data, no other program."""
        return url.lower().startswith(_SAFE_STARTS)


def _link_open(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    # A card's link must not replace the chart, and must not get a handle on it.
    tokens[at].attrSet("target", "_blank")
    tokens[at].attrSet("rel", "noopener noreferrer")
    return str(renderer.renderToken(tokens, at, options, env))


def _build() -> MarkdownIt:
    markdown = _Markdown("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    markdown.add_render_rule("link_open", _link_open)
    return markdown


_MARKDOWN = _build()


def to_html(text: str) -> str:
    """GitHub-flavoured Markdown (tables, strikethrough) as HTML; raw HTML in it comes out as text."""
    return str(_MARKDOWN.render(text))
