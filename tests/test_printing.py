from types import SimpleNamespace

import pytest
from book.printing import offer_both
from sphinx_book_theme.header_buttons import add_header_buttons


@pytest.fixture
def context():
    """What a page of a chapter is made from, once the theme has added its buttons."""
    context = {
        "header_buttons": [],
        "ipynb_source": "page.ipynb",
        "page_source_suffix": ".md",
        "pathto": lambda name, resource: name,
        "sourcename": "page.md",
    }
    app = SimpleNamespace(config=SimpleNamespace(html_theme_options={}))
    app.builder = SimpleNamespace(theme_options={}, config=app.config)
    add_header_buttons(app, "page", "page.html", context, None)
    return context


def test_the_themes_one_way_to_print_becomes_two_and_all_else_stays(context):
    groups = context["header_buttons"]
    before = [entry["label"] for group in groups for entry in group.get("buttons", [group])]
    assert "download-pdf-button" in before
    offer_both(None, "page", "page.html", context, None)
    after = [entry["label"] for group in groups for entry in group.get("buttons", [group])]
    new = ["print-answers-button", "print-questions-button"]
    place = before.index("download-pdf-button")
    assert after == [*before[:place], *new, *before[place + 1 :]]


def test_each_way_has_all_that_the_theme_gives_an_entry_and_a_call_of_its_own(context):
    (theirs,) = [e for e in context["header_buttons"][0]["buttons"] if "javascript" in e]
    offer_both(None, "page", "page.html", context, None)
    ours = [entry for entry in context["header_buttons"][0]["buttons"] if "javascript" in entry]
    assert [set(entry) for entry in ours] == [set(theirs)] * 2
    assert [entry["javascript"] for entry in ours] == [
        "dlbook.print('answers')",
        "dlbook.print('questions')",
    ]


def test_a_page_without_buttons_stays_as_it_is():
    context = {}
    offer_both(None, "search", "search.html", context, None)
    assert context == {}
