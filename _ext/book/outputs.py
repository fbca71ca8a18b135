"""What the page of a cell must have, and must not have; anything else ends a strict build."""

from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)


def check_figures(app, doctree):
    """Warn of an image without alternative text of its own, and of one without a caption."""
    for image in doctree.findall(nodes.image):
        if not image.get("alt", "").strip():
            warn(image, "figure without alternative text (alt)")
        elif not any(isinstance(node, nodes.figure) for node in _ancestry(image)):
            warn(image, "figure without a caption and a name")


def check_errors(app, doctree):
    """Warn of an error that a cell shows although the kernel calls the cell a success.

    That is what happens when an object fails to represent itself, after its cell has run.
    """
    for node in doctree.findall(nodes.Element):
        if "traceback" in node.get("classes", ()):
            warn(node, f"a cell shows an error: {node.astext().splitlines()[-1]}")


def warn(node, message):
    """Warn of a node, at its place or that of the closest node around it that has one."""
    # outputs have no line of their own, but the cell around them has
    placed = next((n for n in _ancestry(node) if n.line), node)
    logger.warning(message, location=placed)


def _ancestry(node):
    while node is not None:
        yield node
        node = node.parent


def setup(app):
    """Check every page as soon as it is read."""
    app.connect("doctree-read", check_figures)
    app.connect("doctree-read", check_errors)
