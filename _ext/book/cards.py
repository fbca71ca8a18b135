"""Gives the cards of claims one style for a whole page, instead of one in each card.

A card travels with its style, because a hosted notebook has no other. On a page that is the same
style dozens of times, and the browser lays the page out anew for each.
"""

import re
from pathlib import Path

from docutils import nodes

from dlbook.claims import CARD

STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def strip(app, doctree, docname):
    """Take the style out of every card of a page."""
    for node in list(doctree.findall(nodes.raw)):
        text = node.astext()
        if text.startswith('<div class="claim"'):
            node.replace_self(nodes.raw("", STYLE.sub("", text), **node.attributes))


def copy_style(app):
    """Put it into a file that all pages share."""
    if app.builder.format == "html":
        folder = Path(app.outdir, "_static")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "claim.css").write_text(STYLE.search(CARD.template)[1], "utf-8")


def setup(app):
    """Find the cards once a page is complete."""
    app.connect("builder-inited", copy_style)
    app.connect("doctree-resolved", strip)
    app.add_css_file("claim.css", priority=150)
