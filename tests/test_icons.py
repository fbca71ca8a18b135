import re
from pathlib import Path

import pydata_sphinx_theme
import pytest
import sites
from book.icons import FONT, STYLE, keep_rules
from fontTools.ttLib import TTFont

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
DRAGON, DOVE, BELL = 0xF6D5, 0xF4BA, 0xF0F3  # as in Font Awesome's catalogue


def characters(folder):
    with TTFont(folder / FONT) as font:
        return set(font.getBestCmap())


@pytest.fixture(scope="module")
def static(good):
    return good / "_static"


def test_of_the_rules_those_of_icons_in_use_stay_and_all_that_is_no_icon():
    css = (
        '.x{color:red}.fa-a:before,.fa-b:before{content:"\\f001"}.fa-c:before{content:"\\f002"}'
        '.fa-d:before{content:"d"}.fa-spin:before{color:red}.y:before{content:"\\f003"}'
    )
    assert keep_rules(css, {"fa-b", "fa-d"}) == css.replace('.fa-c:before{content:"\\f002"}', "")
    assert keep_rules(css, {"fa"}) == (
        '.x{color:red}.fa-spin:before{color:red}.y:before{content:"\\f003"}'
    )


def test_an_icon_that_a_page_shows_keeps_its_rule_and_its_glyph(static):
    assert ".fa-dragon:before" in (static / STYLE).read_text("utf-8")
    assert DRAGON in characters(static)


def test_an_icon_that_no_page_shows_loses_both(static):
    assert ".fa-dove:before" in (THEME / STYLE).read_text("utf-8")
    assert ".fa-dove:before" not in (static / STYLE).read_text("utf-8")
    assert DOVE in characters(THEME)
    assert DOVE not in characters(static)


def test_a_character_that_a_style_of_ours_shows_keeps_its_glyph(static):
    assert BELL in characters(static)


def test_every_icon_of_every_page_has_its_glyph(good, static):
    rules = re.findall(r'([^{}]*:before)\{content:"\\(\w+)"\}', (THEME / STYLE).read_text("utf-8"))
    codes = {
        name: int(code, 16) for names, code in rules for name in re.findall(r"fa-[\w-]+", names)
    }
    shown = {
        codes[name]
        for path in good.rglob("*.html")
        for icon in sites.page(good, path.relative_to(good).with_suffix("")).select("[class*=fa-]")
        if "fa-brands" not in icon["class"]
        for name in icon["class"]
        if name in codes
    }
    assert len(shown) > 5
    assert shown <= characters(static)


def test_of_the_font_little_is_left(static):
    assert len(characters(static)) < len(characters(THEME)) / 10
    assert (static / FONT).stat().st_size < (THEME / FONT).stat().st_size / 5
