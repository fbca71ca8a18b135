"""Says what a page of the book says in the Markdown of a plain notebook.

The page comes as the tree that the site is written from, in which Sphinx has resolved every
number, reference and citation. Google Colab and Jupyter know no directive and no role; Colab's
MathJax has no configuration. A construct without a form here ends a strict build.
"""

import re
from textwrap import indent
from urllib.parse import urljoin

from docutils import nodes
from sphinx.locale import admonitionlabels
from sphinx.util.math import get_node_equation_number

from book.outputs import warn

INVISIBLE = {"comment", "index", "meta", "substitution_definition", "target"}
# what only holds blocks together; a section here is an extension's, without a title
AROUND_BLOCKS = {"definition", "definition_list_item", "figure", "legend", "section"}
AROUND_TEXT = {
    **dict.fromkeys(["inline", "target"], "{}"),
    **dict.fromkeys(["strong", "rubric", "term"], "**{}**"),
    "emphasis": "*{}*",
    "attribution": "— {}",
    "transition": "---",
}


class Markdown:
    """A writer for one page of an HTML build, while the builder is at that page."""

    def __init__(self, builder, docname):
        self.builder = builder
        self.page = builder.get_target_uri(docname)
        self.repository = builder.config.book_repository

    def text(self, children) -> str:
        """Write what stands within a line."""
        return "".join(self._write(child, "inline") for child in children)

    def blocks(self, children) -> list[str]:
        """Write paragraphs, lists, quotations and so on; some become several blocks, or none."""
        blocks = []
        for child in children:
            written = self._write(child, "block")
            blocks += [written] if isinstance(written, str) else written
        return [block for block in blocks if block]

    def label(self, node) -> str:
        """Give what the site calls ``node``, such as "Fig. 1.2"; "" if it has no number."""
        domain = self.builder.env.get_domain("std")
        kind = node.get("countertype") or domain.get_enumerable_node_type(node)
        numbers = self.builder.fignumbers.get(kind, {}).get((*node["ids"], "")[0])
        if not numbers:
            return ""
        # the theorems of an extension may share one counter
        form = f"{node['realtype'].title()} %s" if "realtype" in node else None
        return (form or self.builder.config.numfig_format[kind]) % ".".join(map(str, numbers))

    def _write(self, node, way):
        kind = type(node).__name__
        method = getattr(self, f"_{way}_{kind}", None)
        if method:
            return method(node)
        if kind in AROUND_TEXT:
            return AROUND_TEXT[kind].format(self.text(node.children))
        if kind in AROUND_BLOCKS and way == "block":
            return self.blocks(node.children)
        if "realtype" in node:
            return self._theorem(node)  # each kind is a class of its own
        if kind not in INVISIBLE:
            warn(node, f"has no form in a notebook: {kind}")
        return ""

    # Within a line

    def _inline_Text(self, node):  # noqa: N802 (the class is called so)
        text = re.sub(r"([\\`*_~<$])", r"\\\1", node.astext())
        return re.sub(r"\](?=[(\[:])", r"\]", text)  # else a link

    def _inline_literal(self, node):
        code = node.astext()
        return f"`` {code} ``" if "`" in code else f"`{code}`"

    def _inline_math(self, node):
        return f"${_tex(node.astext())}$"

    def _inline_image(self, node):
        alt, address = node.get("alt", ""), self._address(node["uri"])
        return f"![{alt}]({address})" if address else f"*{alt}*"

    def _inline_raw(self, node):
        if node["format"] != "html":
            return ""  # the site does not show it either
        if node.astext().strip() != "<br />":
            warn(node, f"has no form in a notebook: {node.astext()}")
        return "<br>"

    def _inline_reference(self, node):
        text, address = self.text(node.children), self._address(node.get("refuri", ""))
        return f"[{text}]({address})" if address else text

    _inline_number_reference = _inline_reference

    def _address(self, uri):
        """Make an address complete; give "" for the page itself and where no site is known."""
        if re.match(r"\w+:", uri):
            return uri.replace("(", "%28").replace(")", "%29")
        if not uri.partition("#")[0] or not self.repository:
            return ""
        return urljoin(self.repository.site + self.page, uri)

    # Paragraphs, lists, tables

    def _block_paragraph(self, node):
        line = re.sub(r"\s*\n\s*", " ", self.text(node.children)).strip()
        # a line may not begin like a list, a heading or a quotation
        return re.sub(r"^(\d*)([-+#>=|.)])(?=[\s#]|$)", r"\1\\\2", line)

    def _block_raw(self, node):
        if node["format"] == "html" and not node.astext().lstrip().startswith("<script"):
            warn(node, f"has no form in a notebook: {node.astext()}")
        return []  # a script serves the page alone

    _block_image = _inline_image

    def _block_literal_block(self, node):
        name, code = node.get("language", ""), node.astext().rstrip("\n")
        name = {"default": "", "none": "", "ipython3": "python"}.get(name, name)
        ticks = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", code))])
        return f"{ticks}{name}\n{code}\n{ticks}"

    def _block_bullet_list(self, node):
        return _list(("- ", self.blocks(item.children)) for item in node)

    _block_definition_list = _block_bullet_list

    def _block_enumerated_list(self, node):
        numbered = enumerate(node, node.get("start", 1))
        return _list((f"{number}. ", self.blocks(item.children)) for number, item in numbered)

    def _block_block_quote(self, node):
        return _quote(self.blocks(node.children))

    def _block_table(self, node):
        for entry in node.findall(nodes.entry):
            if "morecols" in entry or "morerows" in entry:
                warn(entry, "has no form in a notebook: a cell of several columns or rows")
        head, *body = [[self._entry(entry) for entry in row] for row in node.findall(nodes.row)]
        if not any(node.findall(nodes.thead)):
            head, body = [""] * len(head), [head, *body]
        rows = [f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *body]]
        titles = [child for child in node if isinstance(child, nodes.title)]
        return [*map(self._block_caption, titles), "\n".join(rows)]

    def _entry(self, node):
        """Write a cell of a table; a bar would end the cell, in a formula too."""
        parts = re.split(r"(\$[^$]+\$)", "<br>".join(self.blocks(node.children)))
        parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
        formulas = [part.replace(r"\|", r"\Vert ") for part in parts[1::2]]
        parts[1::2] = [part.replace("|", r"\vert ") for part in formulas]
        return "".join(parts)

    # What has a number, a title or a frame

    def _block_math_block(self, node):
        tex = re.sub(r"\\(begin|end)\{equation\*?\}", "", _tex(node.astext())).strip()
        tex = re.sub(r"\\(begin|end)\{(align|gather)\*?\}", r"\\\1{\2ed}", tex)
        tag = rf" \tag{{{get_node_equation_number(self, node)}}}" if node["number"] else ""
        return f"$$ {tex}{tag} $$"  # on one line, or a quotation would take it apart

    def _block_caption(self, node):
        label = self.label(node.parent)
        return (f"**{label}.** " if label else "") + self.text(node.children)

    def _theorem(self, node):
        name = self.label(node) or node["realtype"].title()
        return self._framed([nodes.Text(name), *node[0].children], node.children[1:])

    def _block_proof_node(self, node):
        (frame,) = node.children
        first, *rest = self.blocks(frame.children)
        return _quote([re.sub(r"^Proof\. ", "*Proof.* ", first), *rest])

    def _block_admonition(self, node):
        if isinstance(node[0], nodes.title):
            return self._framed(node[0].children, node.children[1:])
        return self._framed([nodes.Text(admonitionlabels[node.tagname])], node.children)

    _block_attention = _block_caution = _block_danger = _block_error = _block_admonition
    _block_hint = _block_important = _block_note = _block_tip = _block_admonition
    _block_warning = _block_seealso = _block_admonition

    def _block_commit(self, node):
        statement = self.text(node[0].children)
        first, *rest = self.blocks(node.children[1:])
        answer = _folded("Verdict and answer", [f"**{node['verdict']}.** {first}", *rest])
        return [f"**{self.label(node)}.** True or false? {statement}", answer]

    def _framed(self, title, content):
        return _quote([f"**{self.text(title).strip()}**", *self.blocks(content)])


def _tex(source):
    """Put TeX on one line, without comments and without signs that HTML would take for a tag."""
    lines = [re.sub(r"(?<!\\)%.*", "", line).strip() for line in source.splitlines()]
    parts = re.split(r"(\\(?:text\w*|mbox)\{[^{}]*\})", " ".join(filter(None, lines)))
    for sign, name in ("<", "lt"), (">", "gt"):
        parts[::2] = [re.sub(rf" ?{sign} ?", rf" \\{name} ", part) for part in parts[::2]]
    return "".join(parts).strip()


def _quote(blocks):
    return "\n".join(f"> {line}".rstrip() for line in "\n\n".join(blocks).splitlines())


def _folded(summary, blocks):
    return "\n\n".join([f"<details><summary>{summary}</summary>", *blocks, "</details>"])


def _list(items):
    """Join items, each a marker and blocks; an item of several sets all of them apart."""
    items = [mark + indent("\n\n".join(x), " " * len(mark))[len(mark) :] for mark, x in items]
    return ("\n\n" if any("\n\n" in item for item in items) else "\n").join(items)
