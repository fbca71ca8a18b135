"""What the page of a cell must have, and must not have; anything else ends a strict build."""

from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)


def check_figures(app, doctree):
    """Warn of an image without alternative text of its own, and of one without a caption."""
    for image in doctree.findall(nodes.image):
        if not image.get("alt", "").strip():
            logger.warning("figure without alternative text (alt)", location=image)
        elif not _inside_figure(image):
            logger.warning("figure without a caption and a name", location=image)


def _inside_figure(node):
    while node is not None and not isinstance(node, nodes.figure):
        node = node.parent
    return node is not None


def check_errors(app, doctree):
    """Warn of an error that a cell shows although the kernel calls the cell a success.

    That is what happens when an object fails to represent itself, after its cell has run.
    """
    for output in doctree.findall(_is_error):
        logger.warning("a cell shows an error: %s", output.astext()[-200:], location=output)


def _is_error(node):
    return isinstance(node, nodes.Element) and "traceback" in node.get("classes", ())


def setup(app):
    """Check every page as soon as it is read."""
    app.connect("doctree-read", check_figures)
    app.connect("doctree-read", check_errors)
