"""Mends what the theme and other extensions write and a screen reader stumbles over."""

REPLACED = {
    # an entry of a list of sources was a role of its own until ARIA 1.2
    'role="doc-biblioentry"': 'role="listitem"',
}


def mend(app, pagename, templatename, context, doctree):
    """Replace what is known to be wrong in the text of a page."""
    for wrong, right in REPLACED.items():
        context["body"] = context.get("body", "").replace(wrong, right)


def setup(app):
    """Come when the text is complete."""
    app.connect("html-page-context", mend)
