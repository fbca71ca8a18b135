"""A statement that the reader judges before the text does.

::

    :::{commit} Zero padding lets a network find out where in the image it is.
    :label: cnns-commit-padding
    :verdict: true
    :claim: with zero padding an interior unit can tell where it is

    The answer, in Markdown.
    :::

``claim`` is the statement of the claim that decides the question, word for word; a statement that
no claim of the book makes ends a strict build. ``{numref}`` with the label gives the number.
Without a script the verdict is a disclosure; with one, ``book.js`` asks for the reader's first.
"""

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from book.ledger import refer

VERDICTS = {"true": True, "false": False}


class commit(nodes.General, nodes.Element):  # noqa: N801, docutils finds visitors by this name
    """One statement: a paragraph that states it, the answer, a paragraph that says what decides."""


class Commit(SphinxDirective):
    """The directive; its argument is the statement, its content the answer."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = {  # noqa: RUF012, as docutils has it
        "label": directives.unchanged_required,
        "verdict": lambda text: VERDICTS[directives.choice(text, list(VERDICTS))],
        "claim": directives.unchanged_required,
    }

    def run(self):
        """Build the node."""
        missing = [name for name in self.option_spec if name not in self.options]
        if missing or not self.content:
            wanted = ", ".join([f":{name}:" for name in missing] or ["an answer below its options"])
            raise self.error(f"a statement to commit to lacks {wanted}")
        node = commit(verdict=self.options["verdict"])
        self.set_source_info(node)
        node["names"].append(nodes.fully_normalize_name(self.options["label"]))
        self.state.document.note_explicit_target(node, node)
        text, messages = self.state.inline_text(self.arguments[0], self.lineno)
        node += nodes.paragraph("", "", *text, *messages, classes=["commit-statement"])
        self.state.nested_parse(self.content, self.content_offset, node)
        node += self._decided(self.options["claim"])
        return [node]

    def _decided(self, statement):
        source, line = self.get_source_info()
        paragraph = nodes.paragraph(classes=["commit-decided"])
        paragraph += nodes.Text("Put to the test by the claim: ")
        paragraph += refer(self.env, statement, statement, source, line)
        paragraph += nodes.Text(".")
        return paragraph


def visit_commit(translator, node):
    """Open the box; its first child is the statement, and the rest folds away."""
    verdict = "true" if node["verdict"] else "false"
    opening = translator.starttag(node, "div", CLASS="commit", **{"data-verdict": verdict})
    statement, *answer = node.children
    translator.body.append(opening + '<p class="commit-statement">')
    translator.add_fignumber(node)
    for child in statement.children:
        child.walkabout(translator)
    translator.add_permalink_ref(node, "Link to this statement")
    translator.body.append(
        '</p>\n<details class="commit-answer"><summary>Verdict and answer</summary>\n'
        f'<p class="commit-verdict">The statement is <strong>{verdict}</strong>.</p>\n'
    )
    for child in answer:
        child.walkabout(translator)
    translator.body.append("</details></div>\n")
    raise nodes.SkipNode


def number_statements(app, config):
    """Say how a statement's number reads."""
    config.numfig_format.setdefault("statement", "Statement %s")


def setup(app):
    """Add the directive and its node."""
    app.add_directive("commit", Commit)
    app.add_enumerable_node(
        commit,
        "statement",
        title_getter=lambda node: node.children[0].astext(),
        html=(visit_commit, None),
    )
    app.connect("config-inited", number_statements, priority=900)  # after Sphinx set its own
