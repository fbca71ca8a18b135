import pytest
import sites


@pytest.fixture(scope="module")
def page(good):
    return sites.page(good, "chapters/zeta")


@pytest.fixture(scope="module")
def boxes(page):
    return page.select("div.commit")


def words(element):
    return " ".join(element.get_text().split())


def test_a_box_states_its_statement_with_its_number_and_mathematics(boxes):
    statements = [box.find("p", class_="commit-statement", recursive=False) for box in boxes]
    numbers = [words(x.select_one(".caption-number")) for x in statements]
    assert numbers == ["Statement 1.1", "Statement 1.2"]
    assert "The second." in words(statements[1])
    assert statements[0].select_one("math annotation").text == "x < 1"


def test_the_verdict_is_said_in_words_and_to_programs(boxes):
    assert [box["data-verdict"] for box in boxes] == ["true", "false"]
    verdicts = [words(box.select_one("details .commit-verdict")) for box in boxes]
    assert verdicts == ["The statement is true.", "The statement is false."]


def test_all_but_the_statement_is_folded_away(boxes):
    for box in boxes:
        _, answer = box.find_all(recursive=False)
        assert answer.name == "details"
        assert not answer.has_attr("open")
        assert answer.find(recursive=False).name == "summary"
    assert "It is, by (3.1)." in words(boxes[0].details)
    assert boxes[1].details.select("math")


def test_the_claim_that_decides_is_linked(boxes, good):
    claims = [box.select_one("details .commit-decided") for box in boxes]
    assert words(claims[0]) == "Put to the test by the claim: one and one are two."
    links = [claim.a["href"].partition("#")[2] for claim in claims]
    assert links == ["claim-one-and-one-are-two", "claim-there-are-2-of-x-3-here"]
    assert claims[1].select_one("math annotation").text == "x < 3"


def test_a_reference_says_the_number_and_leads_to_the_box(page):
    (text,) = [x for x in page.find_all("p") if x.get_text().startswith("After")]
    assert words(text) == "After Statement 1.2 come cells."
    assert "commit" in page.find(id=text.a["href"].removeprefix("#"))["class"]


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("no-label", ":label:"),
        ("no-verdict", ":verdict:"),
        ("no-claim", ":claim:"),
        ("no-answer", "an answer"),
        ("odd-verdict", ":verdict:"),
    ],
)
def test_what_a_statement_lacks_is_an_error_that_names_it(bad, name, missing):
    here = sites.BAD_CLAIMS.index(sites.STATEMENTS[name])
    line = sites.BAD_CLAIMS[:here].count("\n") + 1
    (complaint,) = [x for x in bad if f"claims.md:{line}: ERROR" in x]
    assert f"a statement to commit to lacks {missing}" in complaint


def test_a_verdict_is_true_or_false(bad):
    assert 'choose from "true", or "false"' in sites.warning(bad, "value for 'verdict': perhaps")


def test_a_statement_that_no_claim_decides_ends_the_build(bad):
    here = sites.BAD_CLAIMS.index(sites.STATEMENTS["odd-claim"])
    line = sites.BAD_CLAIMS[:here].count("\n") + 1
    assert f"claims.md:{line}:" in sites.warning(bad, "not found: what no claim says")


def test_a_statement_that_has_all_passes(bad):
    here = sites.BAD_CLAIMS.index(sites.STATEMENTS["good"])
    line = sites.BAD_CLAIMS[:here].count("\n") + 1
    assert not [x for x in bad if f"claims.md:{line}:" in x]
