"""Offers to print a page with its answers or without them, where the theme offers one way."""

WAYS = {"Print with answers": "answers", "Print without answers": "questions"}


def offer_both(app, pagename, templatename, context, doctree):
    """Replace the theme's entry in the menu of downloads."""
    for group in context.get("header_buttons", []):
        entries = group.get("buttons", [])
        ours = [entry for entry in entries if entry["label"] == "download-pdf-button"]
        if ours:
            others = [entry for entry in entries if entry not in ours]
            group["buttons"] = others + [_entry(text, what) for text, what in WAYS.items()]


def _entry(text, what):
    return {
        "type": "javascript",
        "javascript": f"dlbook.print('{what}')",  # in assets/book.js
        "text": text,
        "tooltip": f"{text}, or save as PDF",
        "icon": "fas fa-file-pdf",
        "label": f"print-{what}-button",
    }


def setup(app):
    """Follow the theme, which has added its buttons by then."""
    app.connect("html-page-context", offer_both, priority=900)
