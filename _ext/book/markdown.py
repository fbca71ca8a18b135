"""Says what a page of the book says in the Markdown of a plain notebook.

The page comes as the tree that the site is written from, in which Sphinx has resolved every
number, reference and citation. Google Colab and Jupyter know no directive and no role; Colab's
MathJax has no configuration. A construct without a form here ends a strict build.
"""

import html
import re
from textwrap import indent
from urllib.parse import urljoin

from docutils import nodes
from sphinx.locale import admonitionlabels
from sphinx.util.math import get_node_equation_number

from book.outputs import warn

INVISIBLE = {"comment", "index", "meta", "substitution_definition", "target"}


class Markdown:
    """A writer for one page of an HTML build, while the builder is at that page."""

    def __init__(self, builder, docname):
        self.builder = builder
        self.page = builder.get_target_uri(docname)
        self.repository = builder.config.book_repository

    def text(self, node) -> str:
        """Write what stands within a line of ``node``."""
        return "".join(self._write("inline", child, child.astext()) for child in node.children)

    def blocks(self, node) -> list[str]:
        """Write the paragraphs, lists, quotations and so on that ``node`` consists of."""
        return [block for child in node.children for block in self.block(child)]

    def block(self, node) -> list[str]:
        """Write one of them, as one block, or several, or none."""
        if type(node).__name__ in INVISIBLE:
            return []
        written = self._write("block", node, [])
        return [written] if isinstance(written, str) else written

    def number(self, node) -> str:
        """Give the number that the site shows for ``node``, such as "1.2", or ""."""
        standard = self.builder.env.get_domain("std")
        kind = node.get("countertype") or standard.get_enumerable_node_type(node)
        numbers = self.builder.fignumbers.get(kind, {}).get((*node["ids"], "")[0], ())
        return ".".join(map(str, numbers))

    def label(self, node) -> str:
        """Give the label that references to ``node`` have, such as "Fig. 1.2"."""
        kind = self.builder.env.get_domain("std").get_enumerable_node_type(node)
        return self.builder.config.numfig_format[kind] % self.number(node)

    def _write(self, way, node, nothing):
        # extensions give their theorems a class each, and all of them a type
        kind = type(node).__name__
        kind = "theorem" if isinstance(node, nodes.Element) and "realtype" in node else kind
        method = getattr(self, f"{way}_{kind}", None)
        if method:
            return method(node)
        warn(node, f"has no form in a notebook: {kind}")
        return nothing

    # Within a line

    def inline_Text(self, node):  # noqa: N802 (the class is called so)
        text = re.sub(r"([\\`*_~<$])", r"\\\1", node.astext())
        return re.sub(r"\](?=[(\[:])", r"\]", text)  # else a link

    def inline_inline(self, node):
        return self.text(node)

    inline_target = inline_inline

    def inline_emphasis(self, node):
        return f"*{self.text(node)}*"

    def inline_strong(self, node):
        return f"**{self.text(node)}**"

    def inline_literal(self, node):
        code = node.astext()
        return f"`` {code} ``" if "`" in code else f"`{code}`"

    def inline_math(self, node):
        return f"${_tex(node.astext())}$"

    def inline_image(self, node):
        alt = node.get("alt", "")
        address = self._address(node["uri"])
        return f"![{alt}]({address})" if address else f"*{alt}*"

    def inline_raw(self, node):
        if node["format"] != "html":
            return ""  # the site does not show it either
        if node.astext().strip() != "<br />":
            warn(node, f"has no form in a notebook: {node.astext()}")
        return "<br>"

    def inline_reference(self, node):
        text, address = self.text(node), self._address(node.get("refuri", ""))
        return f"[{text}]({address})" if address else text

    inline_number_reference = inline_reference

    def _address(self, uri):
        """Make an address complete; give "" for the page itself and where no site is known."""
        if re.match(r"\w+:", uri):
            return uri.replace("(", "%28").replace(")", "%29")
        page = uri.partition("#")[0]
        if not page or not self.repository:
            return ""
        return urljoin(self.repository.site + self.page, uri)

    # Paragraphs, lists, tables

    def block_paragraph(self, node):
        line = re.sub(r"\s*\n\s*", " ", self.text(node)).strip()
        # a line may not begin like a list, a heading or a quotation
        return re.sub(r"^(\d*)([-+#>=|.)])(?=\s|#|$)", r"\1\\\2", line)

    def block_raw(self, node):
        if node["format"] == "html" and not node.astext().lstrip().startswith("<script"):
            warn(node, f"has no form in a notebook: {node.astext()}")
        return []  # a script serves the page alone

    def block_rubric(self, node):
        return f"**{self.text(node)}**"

    def block_transition(self, node):
        return "---"

    def block_literal_block(self, node):
        language = {"default": "", "none": "", "ipython3": "python"}
        name = node.get("language", "")
        ticks = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", node.astext())), 3)
        return f"{ticks}{language.get(name, name)}\n{node.astext()}\n{ticks}"

    def block_bullet_list(self, node):
        return _join([_item("- ", self.blocks(item)) for item in node])

    def block_enumerated_list(self, node):
        start = node.get("start", 1)
        return _join([_item(f"{n}. ", self.blocks(item)) for n, item in enumerate(node, start)])

    def block_definition_list(self, node):
        return "\n\n".join(_item("- ", self.blocks(item)) for item in node)

    block_term = block_rubric

    def block_block_quote(self, node):
        return _quote(self.blocks(node))

    def block_attribution(self, node):
        return f"— {self.text(node)}"

    def block_table(self, node):
        spans = [e for e in node.findall(nodes.entry) if "morecols" in e or "morerows" in e]
        for entry in spans:
            warn(entry, "has no form in a notebook: a cell of several columns or rows")
        head, *body = [[self._entry(entry) for entry in row] for row in node.findall(nodes.row)]
        if not next(node.findall(nodes.thead), None):
            head, body = [""] * len(head), [head, *body]
        lines = [f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *body]]
        title = [f"**{self.label(node)}.** {self.text(t)}" for t in node if t.tagname == "title"]
        return [*title, "\n".join(lines)]

    def _entry(self, node):
        """Write a cell of a table, in which a bar would end the cell, in formulas too."""
        parts = re.split(r"(\$[^$]+\$)", "<br>".join(self.blocks(node)))
        parts[1::2] = [
            part.replace(r"\|", r"\Vert ").replace("|", r"\vert ") for part in parts[1::2]
        ]
        parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
        return "".join(parts)

    # What has a title, a number or a frame

    def block_math_block(self, node):
        tex = re.sub(r"\\(begin|end)\{(align|gather)\*?\}", r"\\\1{\2ed}", _tex(node.astext()))
        tex = re.sub(r"\\(begin|end)\{equation\*?\}", "", tex).strip()
        tag = rf" \tag{{{get_node_equation_number(self, node)}}}" if node["number"] else ""
        return f"$$ {tex}{tag} $$"  # on one line, or a quotation would take it apart

    def block_image(self, node):
        return self.inline_image(node)

    def block_figure(self, node):
        return self.blocks(node)

    block_legend = block_definition = block_definition_list_item = block_figure
    block_section = block_figure  # one around the content of an extension's node, without a title

    def block_caption(self, node):
        return f"**{self.label(node.parent)}.** {self.text(node)}"

    def block_theorem(self, node):
        title, *content = node.children
        name = f"{node['realtype'].title()} {self.number(node)}".rstrip()
        return self._framed(node, [nodes.Text(name), *title.children], content)

    def block_proof_node(self, node):
        (admonition,) = node.children
        if "dropdown" in admonition["classes"]:
            return self._framed(admonition, [nodes.Text("Proof")], admonition.children)
        first, *rest = self.blocks(admonition)
        return _quote([re.sub(r"^Proof\. ", "*Proof.* ", first), *rest])

    def block_admonition(self, node):
        if isinstance(node[0], nodes.title):
            return self._framed(node, node[0].children, node.children[1:])
        return self._framed(node, [nodes.Text(admonitionlabels[node.tagname])], node.children)

    block_attention = block_caution = block_danger = block_error = block_admonition
    block_hint = block_important = block_note = block_tip = block_warning = block_admonition
    block_seealso = block_admonition

    def block_commit(self, node):
        statement, *answer = node.children
        verdict = nodes.Text(str(node["verdict"]))
        answer = [b for child in answer for b in self.block(child)]
        return [
            f"**{self.label(node)}.** True or false? {self.text(statement)}",
            _folded("Verdict and answer", [f"**{verdict}.** {answer[0]}", *answer[1:]]),
        ]

    def _framed(self, node, title, content):
        blocks = [block for child in content for block in self.block(child)]
        if "dropdown" in node["classes"]:
            # in the line of a tag there is no Markdown, but there is mathematics
            math = (isinstance(part, nodes.math) for part in title)
            parts = zip(math, title, strict=True)
            texts = [self.inline_math(p) if m else html.escape(p.astext(), False) for m, p in parts]
            return _folded("".join(texts), blocks)
        line = "".join(self._write("inline", part, part.astext()) for part in title)
        return _quote([f"**{line.strip()}**", *blocks])


def _tex(source):
    """Put TeX on one line, without comments, and without signs that HTML would read as a tag."""
    lines = [re.sub(r"(?<!\\)%.*", "", line).strip() for line in source.splitlines()]
    parts = re.split(r"(\\(?:text\w*|mbox)\{[^{}]*\})", " ".join(filter(None, lines)))
    parts[::2] = [re.sub(" ?< ?", r" \\lt ", re.sub(" ?> ?", r" \\gt ", p)) for p in parts[::2]]
    return "".join(parts).strip()


def _quote(blocks):
    return "\n".join(f"> {line}".rstrip() for line in "\n\n".join(blocks).splitlines())


def _folded(summary, blocks):
    return "\n\n".join([f"<details><summary>{summary}</summary>", *blocks, "</details>"])


def _item(marker, blocks):
    return marker + indent("\n\n".join(blocks), " " * len(marker))[len(marker) :]


def _join(items):
    return ("\n\n" if any("\n\n" in item for item in items) else "\n").join(items)
