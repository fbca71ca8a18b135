"""What the book adds to Sphinx: each part is one small module with a test of its own."""

from book import execution, notebooks, outputs, repository


def setup(app):
    """Connect every part."""
    for part in (execution, notebooks, outputs, repository):
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
