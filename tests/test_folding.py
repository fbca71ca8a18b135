import pytest
import sites


@pytest.fixture(scope="module")
def page(good):
    return sites.page(good, "exercises")


def test_a_solution_is_a_disclosure_of_the_page_itself_with_its_title_to_open_it(page):
    solutions = page.select("details.solution")
    assert len(solutions) == 2
    for solution in solutions:
        assert not solution.has_attr("open")
        summary, *content = solution.find_all(recursive=False)
        assert summary.name == "summary"
        assert content
    titles = [x.summary.get_text() for x in solutions]
    assert titles == ["Solution", "Solution"]
    assert solutions[0].em.get_text() == "why"
    assert solutions[1].select("math")


def test_a_link_into_a_solution_leads_to_its_disclosure(page):
    assert page.find(id="ex-one-solution").name == "details"


def test_no_id_of_a_proof_or_an_exercise_stands_twice(page):
    found = [node["id"] for node in page.find_all(id=True)]
    assert len(found) == len(set(found))
    assert page.find_all(class_="proof")


def test_a_heading_that_says_proof_keeps_its_anchor(page):
    assert page.find(id="proof").name == "section"
    assert page.find(id="proof").h2


def test_whatever_else_asks_to_be_folded_is_a_warning_at_its_line(bad):
    line = sites.place(sites.BAD_PAGE, ":::{note}")
    assert f"words.md:{line}:" in sites.warning(bad, "only solutions can be folded")
