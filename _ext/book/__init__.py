"""What the book adds to Sphinx: each part is one small module with a test of its own."""

from book import commit, execution, figures, icons, ledger, mathematics, outputs


def setup(app):
    """Connect every part."""
    for part in (execution, outputs, mathematics, figures, ledger, commit, icons):
        part.setup(app)
    return {"parallel_read_safe": False}  # the ledger notes claims page by page
