"""One look for every figure; the look itself is in ``book.mplstyle``."""

import matplotlib.pyplot as plt
from matplotlib_inline.backend_inline import set_matplotlib_formats

# What text, axes and background are drawn in; a page puts its own colours in their place.
INK, PAPER = "#010101", "#fefefe"
PANEL_INCHES = 2.4  # height of a panel, and width of one of several side by side


def use_style() -> None:
    """Draw every figure from here on in the style of the book, as SVG where it is shown."""
    plt.style.use("dlbook.book")
    set_matplotlib_formats("svg", metadata={"Date": None})  # the same figure, the same bytes


def panels(columns: int, rows: int = 1, *, height: float = PANEL_INCHES, **options):
    """Make a grid of panels, as ``plt.subplots`` does, each as large as the page allows.

    ``height`` is that of one panel in inches; ``options`` go to ``plt.subplots``.

    Raises:
        ValueError: There are more panels in a row than the page has room for.
    """
    if not 1 <= columns <= 6:
        raise ValueError(f"A row has room for 1 to 6 panels, not {columns}.")
    width = max(plt.rcParams["figure.figsize"][0], PANEL_INCHES * min(columns, 3))
    return plt.subplots(rows, columns, figsize=(width, height * rows), **options)
