import json
import re
from math import inf
from types import SimpleNamespace

import jsonschema
import pytest
import sites
from book.ledger import SCHEMA, anchor, follow, margin

FIRST = ["one and one are two", "there are 2 of x<3 here"]
SECOND = ["3 are fewer than all", "4 are fewer than all"]
RECORD = {
    "statement": "one and one are two",
    "measured": "2",
    "expected": "2",
    "believed_instead": "3",
    "tolerance": 0.5,
    "distance": 0.0,
    "rival_distance": 1.0,
    "margin": 2.0,
    "id": "claim-one-and-one-are-two",
    "chapter": "chapters/zeta",
    "url": "chapters/zeta.html#claim-one-and-one-are-two",
}


def said(element):
    """The words of an element, of its mathematics those for screen readers."""
    for hidden in element.select("[aria-hidden=true], annotation, a.headerlink"):
        hidden.decompose()
    return element.get_text()


def rows(site):
    return [row.find_all("td") for row in sites.page(site, "ledger").select("table tbody tr")]


def statements(site):
    return [said(row[0]) for row in rows(site)]


def record(**changes):
    return RECORD | changes


def is_valid(claim):
    schema = json.loads(SCHEMA.read_text("utf-8"))
    return jsonschema.Draft202012Validator(schema).is_valid({"book": "A book", "claims": [claim]})


def is_in_the_cell(complaint, words):
    """Say whether a complaint has the line of a cell of the bad site, from fence to fence."""
    first = sites.BAD_CLAIMS.rindex("```{code-cell}", 0, sites.BAD_CLAIMS.index(words))
    last = sites.BAD_CLAIMS.index("\n```\n", first) + 1
    lines = [sites.BAD_CLAIMS.count("\n", 0, place) + 1 for place in (first, last)]
    return lines[0] <= int(complaint.split("claims.md:")[1].split(":")[0]) <= lines[1]


def test_the_table_has_every_claim_in_the_order_of_the_contents(good):
    assert statements(good) == FIRST + SECOND
    heads = [said(cell) for cell in sites.page(good, "ledger").select("table thead th")]
    assert heads == [
        "statement", "measured", "expected", "believed instead", "margin", "chapter"
    ]  # fmt: skip


def test_a_claim_says_the_same_as_its_card_to_which_it_leads(good):
    for row in rows(good):
        page, _, label = row[0].a["href"].partition("#")
        place = sites.page(good, page.removesuffix(".html")).find(id=label)
        card = place.find_next(class_="claim")
        assert place.find_next(class_="cell") is not card.find_parent(class_="cell")
        assert said(card.select_one(".claim-statement")) == f"Claim. {said(row[0])}."
        assert [said(x) for x in card.find_all("dd")] == [said(cell) for cell in row[1:4]]


def test_the_margin_is_the_distance_of_the_rival_in_tolerances(good):
    # |2 - 3| / 0.5, |20 - 21| / 0.2, |3 - inf| / 1, |true - false| / 0.5
    assert [said(row[4]) for row in rows(good)] == ["2", "5", "inf", "2"]
    assert margin({"rival_distance": 0.75, "tolerance": 0.25}) == 3
    assert margin({"rival_distance": None, "tolerance": 0.25}) == inf


def test_a_claim_names_its_chapter_with_number_and_title(good):
    chapters = [(said(row[5]), row[5].a["href"]) for row in rows(good)]
    one, two = ("1. On counting", "chapters/zeta.html"), ("2. On infinity", "chapters/alpha.html")
    assert chapters == [one, one, two, two]


def test_the_numbers_of_claims_and_chapters_can_be_said(good):
    assert "There are 4 claims in 2 chapters" in sites.page(good, "ledger").get_text()


def test_an_unknown_number_is_a_warning_at_its_line(bad):
    line = sites.place(sites.BAD_CLAIMS, "{count}")
    assert f"claims.md:{line}:" in sites.warning(bad, "there is no count of lies")


def test_a_reference_says_the_statement_or_words_of_its_own_with_their_mathematics(good):
    links = [x for x in sites.page(good, "ledger").select("p > a") if not x.find_parent("table")]
    assert [(said(x), x["href"]) for x in links] == [
        ("4 are fewer than all", "chapters/alpha.html#claim-4-are-fewer-than-all"),
        ("there are 2 of x<3 here", "chapters/zeta.html#claim-there-are-2-of-x-3-here"),
        ("a sum is 1+1", "chapters/zeta.html#claim-one-and-one-are-two"),
    ]
    assert [len(x.find_all("math")) for x in links] == [0, 1, 1]


def test_a_reference_to_what_nobody_claimed_is_a_warning_at_its_line(bad):
    line = sites.place(sites.BAD_CLAIMS, "Not so")
    assert f"claims.md:{line}:" in sites.warning(bad, "not found: something that nobody claimed")


def test_statements_that_differ_in_a_number_have_anchors_of_their_own():
    assert anchor("3 are fewer") != anchor("4 are fewer")
    assert anchor("$2$ is `2`") == "claim-2-is-2"


def test_two_claims_with_one_statement_are_a_warning_at_the_second(bad):
    complaint = sites.warning(bad, "two claims have the same statement: it is so")
    assert is_in_the_cell(complaint, "# again")


def test_a_chapter_without_a_claim_is_a_warning(bad):
    assert "chapters/words.md" in sites.warning(bad, "a chapter without a claim")


def test_a_claim_that_the_page_hides_is_a_warning(bad):
    complaint = sites.warning(bad, "a claim and hides it for good")
    assert is_in_the_cell(complaint, "nobody sees this")


def test_the_table_for_programs_says_what_the_table_says(good):
    claims = json.loads((good / "claims.json").read_text("utf-8"))
    jsonschema.validate(claims, json.loads((good / "claims.schema.json").read_text("utf-8")))
    assert claims["book"] == "A book"
    assert claims["claims"][0] == RECORD
    assert [claim["url"] for claim in claims["claims"]] == [row[0].a["href"] for row in rows(good)]
    assert [claim["margin"] for claim in claims["claims"]] == [2, 5, None, 2]


def test_the_schema_is_a_schema_and_takes_a_record():
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA.read_text("utf-8")))
    assert is_valid(RECORD)
    assert is_valid(record(rival_distance=None, margin=None))


@pytest.mark.parametrize("name", RECORD)
def test_the_schema_wants_every_field(name):
    assert not is_valid({key: value for key, value in RECORD.items() if key != name})


@pytest.mark.parametrize(
    "changes",
    [
        {"statement": " "},
        {"measured": ""},
        {"measured": 2},
        {"tolerance": 0},
        {"distance": -1},
        {"distance": None},
        {"rival_distance": 0},
        {"margin": 1},
        {"margin": "inf"},
        {"id": "one-and-one-are-two"},
        {"extra": 1},
    ],
)
def test_the_schema_rejects_what_no_claim_can_say(changes):
    assert not is_valid(record(**changes))


def test_the_table_follows_when_a_chapter_is_edited(sites_built):
    site = sites_built / "swapped"
    assert statements(site) == SECOND + FIRST
    chapters = [said(row[5]) for row in rows(site)]
    assert chapters == ["1. On infinity"] * 2 + ["2. On counting"] * 2
    claims = json.loads((site / "claims.json").read_text("utf-8"))["claims"]
    assert [claim["chapter"] for claim in claims] == ["chapters/zeta"] * 2 + ["chapters/alpha"] * 2


def test_two_builds_give_the_same_bytes(good, sites_built):
    def contents(path):
        # a first build does not know the versions of all styles yet
        return re.sub(rb"\?v=\w+", b"", path.read_bytes())

    files = [path.relative_to(good) for path in good.rglob("*") if path.is_file()]
    kept = [path for path in files if path.name != ".buildinfo"]
    assert {path.suffix for path in kept} >= {".html", ".ipynb", ".json", ".js", ".woff2"}
    for path in kept:
        assert contents(good / path) == contents(sites_built / "again" / path), path


def test_pages_with_claims_are_written_again_when_a_claim_moves_and_only_then():
    claim = {"statement": "it is so", "page": "a"}
    env = SimpleNamespace(book_claims={"a": [claim], "b": []}, collect_relations=lambda: "ab")
    assert follow(None, env) == ["a", "b"]
    assert follow(None, env) == []
    env.book_claims = {"a": [], "b": [{**claim, "page": "b"}]}
    assert follow(None, env) == ["a", "b"]


def test_a_card_is_shown_again_as_it_is_below_its_cell(good):
    (again,) = sites.page(good, "ledger").select(".claim")
    first = sites.page(good, "chapters/zeta").select_one(".claim")
    assert "one and one are two" in again.text
    assert str(again) == str(first)


def test_a_card_of_no_claim_is_a_warning(bad):
    assert "words.md:3" in sites.warning(bad, "no claim says: nothing at all")
