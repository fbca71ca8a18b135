"""Puts the figures of cells into the page, in the ink of the page, light or dark.

A figure that is drawn in ``dlbook``'s ink on its paper becomes part of the page, where the ink is
the colour of the text and the paper that of the page; every other colour stays as it is. As a file
of its own a figure would not know which page it is on.
"""

import re
from html import escape
from pathlib import Path

from docutils import nodes

from dlbook.plot import INK, PAPER

COLOURS = {INK: "currentColor", PAPER: "var(--book-paper)"}


def inline(svg: str, name: str, description: str) -> str:
    """Turn a file of SVG, as Matplotlib writes it, into an element of an HTML page.

    ``name`` makes the ids in it unique on the page; ``description`` is its alternative text.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s*<(metadata|style)\b.*?</\1>", "", svg, flags=re.DOTALL)
    targets = set(re.findall(r'(?:href="|url\()#([^")]+)', svg))
    svg = re.sub(r' id="([^"]*)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in targets else "", svg)
    svg = re.sub(r'(?:xlink:)?href="#', f'href="#{name}-', svg).replace("url(#", f"url(#{name}-")
    for colour, meaning in COLOURS.items():
        svg = svg.replace(colour, meaning)
    # what the style sheet that was taken out said of every element
    style = "stroke-linejoin: round; stroke-linecap: butt"
    attributes = f'class="figure" role="img" aria-label="{escape(description)}" style="{style}"'
    return svg.replace("<svg", f"<svg {attributes}", 1)


def place_figures(app, doctree, docname):
    """Put every SVG image of a page into it."""
    if app.builder.format != "html":
        return
    images = list(doctree.findall(nodes.image))
    for number, image in enumerate(images):
        if image["uri"].endswith(".svg"):
            svg = Path(app.srcdir, image["uri"]).read_text("utf-8")
            html = inline(svg, f"svg{number}", image.get("alt", ""))
            image.replace_self(nodes.raw("", html, format="html"))


def setup(app):
    """Place the figures of a page once it is complete."""
    app.connect("doctree-resolved", place_figures)
