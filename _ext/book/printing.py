"""Offers to print a page with its answers or without them, where the theme offers one way."""


def offer_both(app, pagename, templatename, context, doctree):
    """Replace the theme's entry in the menu of downloads."""
    for group in context.get("header_buttons", []):
        for place, button in enumerate(group.get("buttons", [])):
            if button.get("label") == "download-pdf-button":
                group["buttons"][place : place + 1] = [
                    _entry(button, "Print with answers", "answers"),
                    _entry(button, "Print without answers", "questions"),
                ]


def _entry(button, text, what):
    call = f"dlbook.print('{what}')"  # in assets/book.js
    return {**button, "text": text, "javascript": call, "tooltip": f"{text}, or save as PDF"}


def setup(app):
    """Follow the theme, which has added its buttons by then."""
    app.connect("html-page-context", offer_both, priority=900)
