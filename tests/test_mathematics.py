import base64
import re
import subprocess
import sys

import pytest
import sites
from book.mathematics import ASK, typeset

DATA = "data:font/woff2;base64,"
SOURCES = [
    "a_1 = \\mathbf{b}",
    "\\sum_{i=1}^n i = \\frac{n(n+1)}{2}",
    "x < y",
]


@pytest.fixture(scope="module")
def page(good):
    return sites.page(good, "mathematics")


def test_every_formula_is_in_the_page_as_html_for_the_eye_and_as_mathml_for_the_ear(page):
    formulas = page.select(".math")
    assert [x.select_one("math annotation").text.strip() for x in formulas] == SOURCES
    assert [len(x.select(".katex-html[aria-hidden=true]")) for x in formulas] == [1, 1, 1]
    fraction = page.select_one("math mfrac")
    assert [part.text for part in fraction.find_all(recursive=False)] == ["n(n+1)", "2"]


def test_a_formula_on_lines_of_its_own_is_set_larger_than_one_within_a_line(page):
    displayed = [x.select_one("math").get("display") for x in page.select(".math")]
    assert displayed == [None, "block", "block"]
    assert [x.name for x in page.select(".math")] == ["span", "div", "div"]


def test_only_a_labelled_equation_has_a_number_and_a_link_to_itself(page):
    (number,) = page.select(".eqno")
    assert number.find(string=True) == "(3.1)"  # first of the third chapter
    target = number.select_one("a.headerlink")["href"].removeprefix("#")
    assert page.find(id=target) is number.parent


def content(font, folder):
    """Give the bytes of a font that a style in this folder names or holds."""
    if font.startswith(DATA):
        return base64.b64decode(font.removeprefix(DATA))
    return (folder / font).read_bytes()


def test_no_page_needs_a_script_for_mathematics(good):
    for path in good.rglob("*.html"):
        page = sites.page(good, path.relative_to(good).with_suffix(""))
        scripts = "".join(f"{x.get('src')} {x.string}" for x in page.find_all("script"))
        rest = scripts.replace(ASK, "", 1)  # its letters would come without it, only later
        assert not re.search("mathjax|katex", rest, re.IGNORECASE)


def test_the_style_is_linked_and_every_file_that_it_names_is_there(good, page):
    (link,) = [x["href"] for x in page.find_all("link") if "katex" in x["href"]]
    style = good / link.partition("?")[0]
    fonts = re.findall(r"url\(([^)]*)\)", style.read_text("utf-8"))
    assert "fonts/KaTeX_Main-Bold.woff2" in fonts
    assert all(content(font, style.parent)[:4] == b"wOF2" for font in fonts)


def test_the_letters_of_most_formulas_are_in_the_style_and_asked_for_before_the_page_is_drawn(
    good, page
):
    (script,) = [x for x in page.head.find_all("script") if "fonts.load" in str(x)]
    link = script.find_previous("link", href=re.compile("katex"))["href"]
    style = (good / link.partition("?")[0]).read_text("utf-8")
    families = re.findall(r"KaTeX_\w+", script.string)
    assert families == ["KaTeX_Main", "KaTeX_Math"]
    for family in families:
        fonts = re.findall(rf"font-family:{family};.*?src:url\((.*?)\)", style)
        assert sum(font.startswith(DATA) for font in fonts) == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("The formula", "Unexpected end of input"),
        ("$$", "Undefined control sequence: \\nonsense"),
        ("while", "Unrecognized Unicode character"),
    ],
)
def test_a_formula_that_cannot_be_typeset_is_a_warning_with_line_and_reason(bad, line, reason):
    complaint = sites.warning(bad, reason)
    assert f"words.md:{sites.place(sites.BAD_PAGE, line)}: WARNING: a formula" in complaint


@pytest.mark.parametrize("tex", ["x = ½", "é", "a % b", "\\text{a}}", "{x"])
def test_what_latex_would_not_read_is_rejected(tex):
    with pytest.raises(ValueError, match="KaTeX parse error"):
        typeset(tex)


def test_python_ends_after_it_has_typeset():
    code = "from book.mathematics import typeset; print(len(typeset('x')))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=sites.ROOT / "_ext",
        env={"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
