"""Typesets mathematics while the book is built, so that a page needs no script to show it.

KaTeX, of which a copy lies in ``katex/``, runs in V8. A formula that it rejects is a warning at the
formula's line, and a strict build ends there; in a reader's browser nothing is left to go wrong.
"""

import atexit
import re
from base64 import b64encode
from functools import cache
from pathlib import Path

from docutils import nodes
from py_mini_racer import JSEvalException, MiniRacer
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.fileutil import copy_asset
from sphinx.util.math import get_node_equation_number

from book.icons import keep_glyphs

logger = logging.getLogger(__name__)

KATEX = Path(__file__).parent / "katex"
STYLE = "katex-swap.min.css"  # shows fallback letters until its fonts are there
# The letters of most formulas lie in the style sheet itself, and are asked for before the page is
# drawn: if they came after it, lines would break anew where they are wider than the fallback.
FIRST = {"1em KaTeX_Main": "KaTeX_Main-Regular", "italic 1em KaTeX_Math": "KaTeX_Math-Italic"}
ASK = f"{list(FIRST)}.forEach(font => document.fonts.load(font));"


@cache
def engine() -> MiniRacer:
    """Start V8 with KaTeX in it, once."""
    v8 = MiniRacer()
    atexit.register(v8.close)  # an open engine can keep Python from ending
    v8.eval((KATEX / "katex.min.js").read_text("utf-8"))
    return v8


def typeset(tex: str, display: bool = False) -> str:
    """Turn TeX into HTML with MathML inside for screen readers.

    Raises:
        ValueError: KaTeX cannot read it, or LaTeX would not.
    """
    options = {"displayMode": display, "strict": "error"}
    try:
        return engine().call("katex.renderToString", tex, options)
    except JSEvalException as error:
        reason = re.search(r"ParseError: (.*)", str(error))
        raise ValueError(reason[1] if reason else str(error)) from error


def _typeset(node):
    try:
        return typeset(node.astext(), isinstance(node, nodes.math_block))
    except ValueError as error:
        logger.warning("a formula cannot be typeset: %s", error, location=node)
        return ""


def visit_math(translator, node):
    """Write a formula within a line."""
    html = _typeset(node)
    translator.body.append(translator.starttag(node, "span", "", CLASS="math") + html + "</span>")
    raise nodes.SkipNode


def visit_math_block(translator, node):
    """Write a formula on lines of its own, with its number if it has one."""
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    translator.body.append(_typeset(node))
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, _("Link to this equation"))
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def copy_style(app):
    """Copy KaTeX's style and fonts to the site, without mention of the formats that it lacks."""
    if app.builder.format != "html":
        return
    target = Path(app.outdir, "_static", "katex")
    copy_asset(KATEX / "fonts", target / "fonts")
    style = (KATEX / STYLE).read_text("utf-8")
    (target / STYLE).write_text(re.sub(r',url\([^)]*\.(woff|ttf)\) format\("\w+"\)', "", style))


def pack_fonts(app, exception):
    """Leave KaTeX's fonts the letters that occur on some page, and put the first into the style."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    folder = site / "_static" / "katex"
    letters = set().union(*(path.read_text("utf-8") for path in site.rglob("*.html")))
    for font in folder.glob("fonts/*.woff2"):
        keep_glyphs(font, {ord(letter) for letter in letters})
    style = (folder / STYLE).read_text("utf-8")
    for name in FIRST.values():
        font = folder / "fonts" / f"{name}.woff2"
        data = f"data:font/woff2;base64,{b64encode(font.read_bytes()).decode()}"
        style = style.replace(f"fonts/{name}.woff2", data)
        font.unlink()
    (folder / STYLE).write_text(style, "utf-8")


def setup(app):
    """Become the renderer of mathematics."""
    app.add_html_math_renderer("katex", (visit_math, None), (visit_math_block, None))
    app.add_css_file(f"katex/{STYLE}", priority=100)
    app.add_js_file(None, body=ASK)
    app.connect("builder-inited", copy_style)
    app.connect("build-finished", pack_fonts)
