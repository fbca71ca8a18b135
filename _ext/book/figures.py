"""A figure without a text for those who cannot see it is an error, and so is one without a caption."""

from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)


def check_alternative_texts(app, doctree):
    """Warn of each image that has no alternative text of its own."""
    for image in doctree.findall(nodes.image):
        if not image.get("alt", "").strip():
            logger.warning("figure without alternative text (alt)", location=image)
        elif not _inside_figure(image):
            logger.warning("figure without a caption and a name", location=image)


def _inside_figure(node):
    while node is not None and not isinstance(node, nodes.figure):
        node = node.parent
    return node is not None


def setup(app):
    """Check every page as soon as it is read."""
    app.connect("doctree-read", check_alternative_texts)
