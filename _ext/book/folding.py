"""Folds solutions with the page's own means, which need no script and open for a link into them."""

from docutils import nodes
from sphinx.util import logging
from sphinx_exercise.nodes import solution_node

logger = logging.getLogger(__name__)

REPEATED = {"proof", "proof-content", "exercise-content", "solution-content"}


def check_folds(app, doctree):
    """Warn of what asks to be folded and is no solution."""
    for node in doctree.findall(nodes.Element):
        if "dropdown" in node.get("classes", ()) and not isinstance(node, solution_node):
            logger.warning("only solutions can be folded (class dropdown)", location=node)


def drop_repeated_ids(app, doctree, docname):
    """Take out ids that the extensions for proofs and exercises give to many parts of a page."""
    for node in doctree.findall(nodes.Element):
        theirs = not (node.children and isinstance(node[0], nodes.title))  # a section has a title
        if theirs and REPEATED & set(node.get("ids", ())):
            node["ids"] = []


def visit_solution(translator, node):
    """Write a disclosure whose summary is the title."""
    title, *content = node.children
    opening = translator.starttag(node, "details", CLASS="admonition")
    translator.body.append(f"{opening}<summary>{title.astext()}</summary>\n")
    for child in content:
        child.walkabout(translator)
    translator.body.append("</details>\n")
    raise nodes.SkipNode


def setup(app):
    """Take over the solutions of sphinx-exercise."""
    app.connect("doctree-read", check_folds)
    app.connect("doctree-resolved", drop_repeated_ids)
    app.add_node(solution_node, override=True, html=(visit_solution, None))
