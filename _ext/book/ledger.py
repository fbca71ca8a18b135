"""The index of every claim that the book makes, from the outputs of its cells.

``{ledger}`` is the table, ``{count}`` a number from it: ``claims`` or ``chapters``. ``{card}`` is
the card of a claim once more, on another page, and ``{claim}`` a reference to one. Both name it by
its statement, word for word, the latter also by ``text <statement>``; a statement that no claim of
the book makes ends a strict build. ``claims.json`` holds the table for programs, and
``claims.schema.json`` says what is in it.
"""

import json
import math
import re
from pathlib import Path
from shutil import copy

import jsonschema
from docutils import nodes
from myst_nb.core.read import read_myst_markdown_notebook
from sphinx.addnodes import pending_xref
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from book.execution import cached
from dlbook.claims import JSON_TYPE

logger = logging.getLogger(__name__)

SCHEMA = Path(__file__).with_name("claims.schema.json")
CHAPTERS = "chapters/"  # every page in this folder has to make a claim
COLUMNS = ("statement", "measured", "expected", "believed instead", "margin", "chapter")


class ledger(nodes.General, nodes.Element):  # noqa: N801, as docutils names its nodes
    """The place of the table."""


class card(nodes.General, nodes.Element):  # noqa: N801
    """The place of a card."""


class count(nodes.Inline, nodes.Element):  # noqa: N801
    """The place of a number."""


class Ledger(SphinxDirective):
    """The directive of the table."""

    def run(self):
        """Leave a place to be filled once every page has been read."""
        self.env.note_reread()  # any page can change what belongs here
        return [ledger()]


class Card(SphinxDirective):
    """The directive of a card; its argument is the statement of the claim."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        """Leave a place for the card."""
        self.env.note_reread()
        node = card(statement=self.arguments[0])
        self.set_source_info(node)
        return [node]


def count_role(name, rawtext, text, lineno, inliner, options=None, content=None):
    """Leave a place for a number."""
    inliner.document.settings.env.note_reread()
    node = count(of=text)
    node.source, node.line = inliner.document["source"], lineno
    return [node], []


def anchor(statement: str) -> str:
    """Give the id of a claim's card on its page."""
    return nodes.make_id(f"claim {statement}")  # which would drop a number at the beginning


def read_statement(statement: str) -> list[nodes.Node]:
    """Turn a claim's statement into nodes: ``$...$`` is mathematics, backticks are code."""
    kinds = {"$": nodes.math, "`": nodes.literal}
    return [
        kinds[part[0]]("", part[1:-1]) if part[0] in kinds else nodes.Text(part)
        for part in re.split(r"(`[^`]+`|\$[^$]+\$)", statement)
        if part
    ]


def refer(env, statement: str, text: str, source: str, line: int) -> pending_xref:
    """Make a reference to the claim with a statement, to be resolved once every page is read."""
    node = pending_xref(reftype="claim", reftarget=statement, refdomain="", refwarn=True)
    node["refdoc"], node.source, node.line = env.docname, source, line
    node += nodes.inline("", "", *read_statement(text))
    return node


def claim_role(name, rawtext, text, lineno, inliner, options=None, content=None):
    """Refer to a claim."""
    titled = re.fullmatch(r"(.*?\S)\s+<(?=\S)(.*)>", text)  # a statement can have < in it
    words, statement = titled.groups() if titled else (text, text)
    env, source = inliner.document.settings.env, inliner.document["source"]
    return [refer(env, statement, words, source, lineno)], []


def resolve(app, env, node, text):
    """Lead a reference to the card of its claim."""
    if node["reftype"] == "claim":
        for claim in _claims(env):
            if claim["statement"] == node["reftarget"]:
                return make_refnode(app.builder, node["refdoc"], claim["page"], claim["id"], text)
    return None


def collect(app, doctree):
    """Note the claims of a page, and put an anchor before the card of each."""
    env, docname = app.env, app.env.docname
    env.book_claims[docname] = found = []
    cells = [n for n in doctree.findall(nodes.container) if n.get("nb_element") == "cell_code"]
    path = env.doc2path(docname)
    run = cells and cached(read_myst_markdown_notebook(Path(path).read_text("utf-8"), path=path))
    if not run:
        return  # no notebook, or one with a cell that raised, of which MyST-NB has warned
    for cell in cells:
        outputs = [o.data for o in run.cells[cell["cell_index"]].outputs if "data" in o]
        shown = [n for n in cell.findall(nodes.container) if n.get("nb_element") == "mime_bundle"]
        if len(shown) != len(outputs) and any(JSON_TYPE in data for data in outputs):
            logger.warning("a cell makes a claim and hides it for good", location=cell)
        for data, bundle in zip(outputs, shown, strict=False):
            if JSON_TYPE in data:
                found.append(_note(env, data, bundle))


def _note(env, data, bundle):
    claim = data[JSON_TYPE]
    label, index = anchor(claim["statement"]), bundle.parent.index(bundle)
    bundle.parent.insert(index, nodes.target("", "", ids=[label]))
    place = bundle.parent.parent
    ours = {"page": env.docname, "place": (place.source, place.line), "card": data["text/html"]}
    return {**claim, "id": label, **ours}


def check(app, env):
    """Warn of a chapter without a claim, and of two claims whose statements read alike."""
    seen = set()
    for claim in _claims(env):
        if claim["id"] in seen:
            message = "two claims have the same statement: %s"
            logger.warning(message, claim["statement"], location="{}:{}".format(*claim["place"]))
        seen.add(claim["id"])
    for docname in env.found_docs:
        if docname.startswith(CHAPTERS) and not env.book_claims.get(docname):
            logger.warning("a chapter without a claim", location=docname)


def follow(app, env):
    """Have every page with claims written again when a claim came, went or moved.

    References lead from page to page, and Sphinx does not see these.
    """
    places = {claim["statement"]: claim["page"] for claim in _claims(env)}
    changed = places != vars(env).get("book_places")
    env.book_places = places
    return list(env.book_claims) if changed else []


def _claims(env):
    """Every claim, in the order of the book."""
    return [claim for page in env.collect_relations() for claim in env.book_claims.get(page, [])]


def margin(claim: dict) -> float:
    """Say how far the rival is from the measurement, in tolerances."""
    distance = claim["rival_distance"]
    return math.inf if distance is None else distance / claim["tolerance"]


def fill(app, doctree, docname):
    """Put the table and the numbers where they belong."""
    claims = _claims(app.env)
    counts = {"claims": len(claims), "chapters": len({claim["page"] for claim in claims})}
    for node in list(doctree.findall(count)):
        if node["of"] not in counts:
            message = "there is no count of %s, only of %s"
            logger.warning(message, node["of"], ", ".join(counts), location=node)
        node.replace_self(nodes.Text(str(counts.get(node["of"], ""))))
    cards = {claim["statement"]: claim["card"] for claim in claims}
    for node in list(doctree.findall(card)):
        if node["statement"] not in cards:
            logger.warning("no claim says: %s", node["statement"], location=node)
        node.replace_self(nodes.raw("", cards.get(node["statement"], ""), format="html"))
    for node in list(doctree.findall(ledger)):
        node.replace_self(_table(app, claims, docname))


def _table(app, claims, docname):
    group = nodes.tgroup("", cols=len(COLUMNS))
    group += [nodes.colspec(colwidth=1) for _ in COLUMNS]
    group += nodes.thead("", _row([nodes.Text(name)] for name in COLUMNS))
    group += nodes.tbody("", *(_row(_cells(app, claim, docname)) for claim in claims))
    return nodes.table("", group, classes=["ledger"])


def _row(cells):
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells))


def _cells(app, claim, docname):
    page = app.builder.get_relative_uri(docname, claim["page"])
    title = app.env.titles[claim["page"]].astext()
    if number := app.env.toc_secnumbers.get(claim["page"], {}).get(""):
        title = f"{'.'.join(map(str, number))}. {title}"
    statement = nodes.reference("", "", internal=True, refuri=f"{page}#{claim['id']}")
    statement += read_statement(claim["statement"])
    yield [statement]
    for name in ("measured", "expected", "believed_instead"):
        yield [nodes.Text(claim[name])]
    far = margin(claim)
    yield [nodes.Text(f"{far:.2g}" if far < 10 or far >= 1e4 else f"{far:.0f}")]
    yield [nodes.reference("", title, internal=True, refuri=page)]


def publish(app, exception):
    """Write the claims for programs, once the site is there."""
    if exception or app.builder.format != "html":
        return
    schema = json.loads(SCHEMA.read_text("utf-8"))
    claims = {"book": app.config.html_title, "claims": [_record(c) for c in _claims(app.env)]}
    for error in jsonschema.Draft202012Validator(schema).iter_errors(claims):
        logger.warning("claims.json, %s: %s", error.json_path, error.message)
    text = json.dumps(claims, ensure_ascii=False, indent=1)
    Path(app.outdir, "claims.json").write_text(text, "utf-8")
    copy(SCHEMA, app.outdir)


def _record(claim):
    far = margin(claim)
    ours = ("page", "place", "card")
    record = {name: value for name, value in claim.items() if name not in ours}
    record |= {"margin": None if far == math.inf else far, "chapter": claim["page"]}
    return record | {"url": f"{claim['page']}.html#{claim['id']}"}


def setup(app):
    """Add directive and roles, and follow the claims from their cells into the table."""
    app.add_directive("ledger", Ledger)
    app.add_directive("card", Card)
    app.add_role("count", count_role)
    app.add_role("claim", claim_role)
    app.connect("builder-inited", lambda app: vars(app.env).setdefault("book_claims", {}))
    app.connect("env-purge-doc", lambda app, env, docname: env.book_claims.pop(docname, None))
    app.connect("doctree-read", collect)
    app.connect("missing-reference", resolve)
    app.connect("env-updated", follow)
    app.connect("env-check-consistency", check)
    app.connect("doctree-resolved", fill, priority=400)  # before anything reads the page as it is
    app.connect("build-finished", publish)
