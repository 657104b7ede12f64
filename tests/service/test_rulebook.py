"""The rule book as a site: every rule can be reached, found and understood without a script."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest

from cds_rules.risk import SCHEMES
from cds_rules.rulebook.trace import traced
from service.rulebook.book import INDEX, book
from service.rulebook.search import entries, search
from service.rulebook.site import pages
from tests.conftest import FIXTURES, PATIENTS, CheckedClient

RULES = [(rule.page, rule.id) for rule in traced()] + [
    (scheme.id, rule.id) for scheme in SCHEMES for rule in scheme.rules
]
NAMES = sorted(pages())
DEMO = "/demo/patient/"


class Read(HTMLParser):
    """Ids, links and rule sections of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if name in ("href", "src", "action") and value is not None:
                self.links.append(value)


READ = {name: Read(html) for name, html in pages().items()}


@pytest.mark.parametrize(("page", "rule"), RULES, ids=lambda value: value)
def test_every_rule_has_its_anchor(page: str, rule: str) -> None:
    assert READ[page].ids.count(rule) == 1


@pytest.mark.parametrize("name", NAMES)
def test_no_id_stands_twice_on_a_page(name: str) -> None:
    assert len(READ[name].ids) == len(set(READ[name].ids))


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    here = f"/rulebook/{'' if name == INDEX else name}"
    for link in READ[name].links:
        target = urlsplit(urljoin(here, link))
        assert target.netloc == "", link
        page = target.path.removeprefix("/rulebook/") or INDEX
        if target.path.startswith("/rulebook/static/") or page == "search":
            continue
        assert page in READ, link
        assert not target.fragment or target.fragment in READ[page].ids, link


def test_a_cards_links_land_on_the_rule() -> None:
    seen = set()
    cards = [*FIXTURES.glob("patients/*/cards.json"), *FIXTURES.glob("hooks/orders/*.cards.json")]
    for path in cards:
        seen |= set(re.findall(r"/rulebook/([\w-]*)(?:#([\w-]+))?", path.read_text(encoding="utf-8")))
    assert len(seen) > 100
    assert {(page, rule) for page, rule in seen if page and page not in READ} == set()
    assert {(page, rule) for page, rule in seen if rule and rule not in READ[page].ids} == set()


def test_every_page_but_the_first_is_in_the_contents() -> None:
    listed = {link for link in READ[INDEX].links if re.fullmatch(r"[\w-]+", link)}
    assert listed - {"search"} == set(NAMES) - {INDEX}


def test_every_worked_case_is_still_shown() -> None:
    """Cases move beneath their rules; none is lost on the way."""
    whole = {page.name: page for page in book().pages}
    for name in ("cns", "orders", "scores"):
        source = (FIXTURES.parent / "cds_rules" / "rulebook" / f"{name}.md").read_text(encoding="utf-8")
        rows = re.search(r"^## Worked cases$.*?^\|---.*?$\n(.*?)\n\n", source, re.MULTILINE | re.DOTALL)
        assert rows is not None
        assert sum(rule.case_count for rule in whole[name].rules) == len(rows[1].splitlines()) > 0
    assert "one day short of 36 months" in pages()["COG-AALL1331"]
    assert "30 years is the last age of pediatric sources" in pages()["trials"]


@pytest.mark.parametrize("page", ["cns", "COG-AALL1331"])
def test_patients_are_links_only_where_their_pages_are(page: str) -> None:
    assert "hr2020-p2-15-months" in pages()[page]
    assert DEMO not in pages()[page]
    shown = set(re.findall(rf'href="{DEMO}([^"]+)"', pages(DEMO)[page]))
    assert "hr2020-p2-15-months" in shown
    assert shown <= set(PATIENTS)


def test_a_patient_in_whom_a_rule_applies_is_told_from_one_where_it_is_open() -> None:
    found = {rule.id: rule for page in book().pages for rule in page.rules}
    states = {each.id: each.applies for each in found["N-2"].patients}
    assert states["hr2020-p2-15-months"] is True
    assert found["O-1"].patients[0].order == "cd19-lost"
    rows = {row.id: row for page in book().pages if page.name == "COG-AALL1331" for row in page.rows}
    early = {each.id: each.applies for each in rows["COG-3"].patients}
    waiting = {each.id: each.applies for each in rows["COG-5"].patients}
    assert early["hr2020-p1-24-months"] is True
    assert waiting["hr2020-p1-40-months"] is False


# ---- search


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("B-3", "marrow#B-3"),
        ("b-3", "marrow#B-3"),
        ("N-2a", "cns#N-2a"),
        ("Omaya reservoir", "cns#N-11"),
        ("COG-3", "COG-AALL1331#COG-3"),
        ("AALL02P2", "trials#AALL02P2"),
    ],
)
def test_a_rule_is_found_by_id_and_by_words(query: str, first: str) -> None:
    assert search(entries(book()), query).hits[0].entry.address == first


def test_every_word_must_occur() -> None:
    known = entries(book())
    both = search(known, "blinatumomab CD19")
    assert 0 < both.count < search(known, "blinatumomab").count
    for hit in both.hits:
        told = f"{hit.entry.id} {hit.entry.title} {hit.entry.text} {hit.entry.page}".casefold()
        assert "blinatumomab" in told
        assert "cd19" in told


@pytest.mark.parametrize(
    "query", ["", "   ", "xyzzy", "\x00", "%", "(", "a" * 5000, "<script>alert(1)</script>", "ß"]
)
def test_any_query_gets_a_page(client: CheckedClient, query: str) -> None:
    answer = client.app.test_client().get("/rulebook/search", query_string={"q": query})
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "script-src" not in answer.headers["Content-Security-Policy"]  # default-src 'none' forbids them


def test_what_was_found_is_marked_and_linked(client: CheckedClient) -> None:
    page = client.app.test_client().get("/rulebook/search?q=Omaya").text
    assert 'href="cns#N-11"' in page
    assert "<mark>Omaya</mark>" in page
    assert 'value="Omaya"' in page


# ---- the pages themselves


@pytest.mark.parametrize("name", [*NAMES, "search"])
def test_pages_need_no_script_and_nothing_inline(client: CheckedClient, name: str) -> None:
    answer = client.app.test_client().get(f"/rulebook/{'' if name == INDEX else name}")
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script|<style| style=| on\w+=", answer.text)


def test_styles_and_icon_are_served_by_us(client: CheckedClient) -> None:
    for link in ("static/book.css", "static/icon.svg"):
        assert link in READ[INDEX].links
        assert client.app.test_client().get(f"/rulebook/{link}").status_code == 200


def test_without_the_final_slash_the_first_page_is_found(client: CheckedClient) -> None:
    answer = client.app.test_client().get("/rulebook")
    assert answer.status_code == 308
    assert urlsplit(answer.headers["Location"]).path == "/rulebook/"


def test_a_browser_that_follows_an_old_link_gets_a_page_and_a_program_an_outcome(
    client: CheckedClient,
) -> None:
    said = client.app.test_client().get("/rulebook/no-such-page", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (said.status_code, said.mimetype) == (404, "text/html")
    assert "There is no such page in the rule book" in said.text
    told = client.app.test_client().get("/rulebook/no-such-page")
    assert (told.status_code, told.mimetype) == (404, "application/fhir+json")
