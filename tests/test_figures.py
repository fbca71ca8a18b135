import re
from xml.etree import ElementTree

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
import sites
from book.figures import inline

from dlbook.plot import INK, PAPER, use_style

COLOUR = r"#[0-9a-f]{6}\b"


@pytest.fixture
def svg(shell):
    """A figure as the page of a cell gets it, with marks, clipping, hatching and an image."""
    plt.switch_backend("agg")
    with mpl.rc_context():
        use_style()
        fig, (left, right) = plt.subplots(ncols=2)
        left.plot([0, 1], [1, 0], "o-", color="#123456", label="a line")
        left.bar([0, 1], [1, 2], hatch="/", color="#abcdef")
        left.legend()
        right.imshow([[0, 1]])
        yield shell.display_formatter.format(fig)[0]["image/svg+xml"]
        plt.close("all")


def ids(element):
    return [node.get("id") for node in element.iter() if node.get("id")]


def targets(text):
    return re.findall(r'(?:href="|url\()#([^")]+)', text)


def test_ids_are_unique_on_the_page_and_every_reference_is_to_one_in_its_figure(svg):
    texts = [inline(svg, name, "") for name in ("svg0", "svg1")]
    one, two = (ids(ElementTree.fromstring(text)) for text in texts)
    assert len({*one, *two}) == len(one) + len(two) > 0
    assert len(set(targets(svg))) == len(one)
    for text, own in zip(texts, (one, two), strict=True):
        assert set(targets(text)) == set(own)


def test_what_has_no_place_in_a_page_is_gone_and_all_else_is_there(svg):
    text = inline(svg, "a", "")
    before, after = (
        {node.tag.rpartition("}")[2] for node in ElementTree.fromstring(x).iter()}
        for x in (svg, text)
    )
    of_metadata = {"metadata", "RDF", "Work", "Agent", "creator", "format", "title", "type"}
    assert before - after <= {"style", *of_metadata}
    assert not after & {"style", *of_metadata}
    assert text.startswith("<svg ")  # no declaration, no type of document


def test_ink_and_paper_become_those_of_the_page_and_other_colours_stay(svg):
    text = inline(svg, "a", "")
    assert svg.count(INK) == text.count("currentColor") > 10
    assert svg.count(PAPER) == text.count("var(--book-paper)") > 0
    others = [colour for colour in re.findall(COLOUR, svg) if colour not in (INK, PAPER)]
    assert re.findall(COLOUR, text) == others
    assert {"#123456", "#abcdef"} <= set(others)


def test_lines_end_and_join_as_the_style_sheet_of_the_file_said(svg):
    (rule,) = re.findall(r"<style[^>]*>\*\{(.*?)\}</style>", svg)
    assert ElementTree.fromstring(inline(svg, "a", "")).get("style") == rule


def test_the_alternative_text_is_said_in_full(svg):
    description = f'a "quote" & <b>, {INK}'
    root = ElementTree.fromstring(inline(svg, "a", description))
    assert root.get("aria-label") == description
    assert root.get("role") == "img"


def test_figures_are_in_the_page_and_bitmaps_beside_it(good):
    page = sites.page(good, "chapters/zeta")
    figures = page.select("figure svg[role=img]")
    assert [x["aria-label"] for x in figures] == ['A "line" & <more>', "A line"]
    (bitmap,) = page.select("figure img")
    assert bitmap["alt"] == "Two dots"
    assert (good / "chapters" / bitmap["src"]).read_bytes().startswith(b"\x89PNG")


def test_no_id_stands_twice_on_a_page_with_several_figures(good):
    found = [node["id"] for node in sites.page(good, "chapters/zeta").find_all(id=True)]
    assert len(found) == len(set(found))
    assert any(name.startswith("svg1-") for name in found)


def test_a_figure_without_alternative_text_is_a_warning_and_not_a_crash(bad, sites_built):
    assert "claims.md" in sites.warning(bad, "figure without alternative text")
    assert sites.page(sites_built / "bad", "chapters/claims").select("svg[aria-label='']")
