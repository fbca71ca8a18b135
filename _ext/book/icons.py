"""Leaves the site the icons that it shows, out of the thousands that come with the theme.

The theme's icon font and the rules that name its icons are most of the weight of a page.
"""

import re
from pathlib import Path

from fontTools import subset

STYLE = "styles/pydata-sphinx-theme.css"
FONT = "vendor/fontawesome/webfonts/fa-solid-900.woff2"
RULE = re.compile(r'(?:\.fa-[\w-]+:before,?)+\{content:"[^"]*"\}')


def names_in(site: Path) -> set[str]:
    """Collect every word that could name an icon, in the pages and the scripts of a site."""
    words = set()
    for path in [*site.rglob("*.html"), *site.rglob("*.js")]:
        if path.name != "fontawesome.js":  # it names them all, and no page loads it
            words.update(re.findall(r"\bfa-[a-z0-9-]+", path.read_text("utf-8")))
    return words


def keep_rules(css: str, names: set[str]) -> str:
    """Take the rules of all other icons out of a style sheet."""
    return RULE.sub(lambda m: m[0] if names & set(re.findall(r"fa-[\w-]+", m[0])) else "", css)


def keep_glyphs(font: Path, characters: set[int]) -> None:
    """Take all other characters out of a font."""
    options = subset.Options(flavor="woff2", hinting=False, layout_features=[])
    loaded = subset.load_font(str(font), options)
    cut = subset.Subsetter(options)
    cut.populate(unicodes=characters)
    cut.subset(loaded)
    subset.save_font(loaded, str(font), options)


def shrink(app, exception):
    """Cut style and font down to the icons that this site uses."""
    static = Path(app.outdir, "_static")
    if exception or app.builder.format != "html" or not (static / STYLE).exists():
        return
    css = keep_rules((static / STYLE).read_text("utf-8"), names_in(Path(app.outdir)))
    (static / STYLE).write_text(css, "utf-8")
    styles = "".join(path.read_text("utf-8") for path in static.rglob("*.css"))
    named = re.findall(r"\\([ef][0-9a-f]{3})\b", styles)
    keep_glyphs(static / FONT, {int(code, 16) for code in named})


def setup(app):
    """Wait until all pages are there."""
    app.connect("build-finished", shrink)
