"""What the book adds to Sphinx: each part is one small module with a test of its own."""

import hashlib
from pathlib import Path

READING = ("execution", "outputs", "ledger", "commit")  # without these no source can be read
WRITING = (
    *("repository", "mathematics", "figures", "cards", "folding"),
    *("notebooks", "printing", "repairs", "icons"),
)


def setup(app):
    """Connect every part."""
    for part in READING + WRITING:
        app.setup_extension(f"book.{part}")
    # Sphinx does not see that we have changed, and would leave pages as they are
    sources = sorted(Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    app.add_config_value("book_parts", digest, "env", str)
    return {"parallel_read_safe": False}  # the ledger notes claims page by page
