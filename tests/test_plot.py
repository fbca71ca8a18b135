import re
from itertools import combinations

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_hex

from dlbook.plot import INK, PAPER, panels, use_style

# Okabe and Ito (2008), "Color universal design", without black
OKABE_ITO = {"#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"}


@pytest.fixture
def style(shell):
    """Give the style of the book to one test, in a shell that shows figures."""
    plt.switch_backend("agg")
    with mpl.rc_context():
        use_style()
        yield shell.display_formatter.format
        plt.close("all")


def draw():
    fig, ax = plt.subplots()
    ax.plot([0, 1], [1, 0], label="one")
    ax.plot([0, 1], [0, 1], label="two")
    ax.legend()
    return fig


def test_figures_are_shown_as_svg_and_in_no_other_form(style):
    data, _ = style(draw())
    assert set(data) == {"image/svg+xml", "text/plain"}
    assert "<svg" in data["image/svg+xml"]


def test_the_same_figure_gives_the_same_bytes(style):
    one, two = (style(draw())[0]["image/svg+xml"] for _ in range(2))
    assert one == two


def test_lines_have_colours_that_colour_blind_readers_can_tell_apart(style):
    colours = [to_hex(entry["color"]) for entry in plt.rcParams["axes.prop_cycle"]]
    assert len(colours) == len(set(colours)) == 6
    assert set(colours) <= OKABE_ITO


def test_lines_have_a_second_cue_beside_colour(style):
    styles = [str(entry["linestyle"]) for entry in plt.rcParams["axes.prop_cycle"]]
    assert all(one != two for one, two in combinations(styles, 2))


def test_fields_are_drawn_in_cividis_without_smoothing(style):
    image = plt.subplots()[1].imshow([[0, 1]])
    assert image.get_cmap().name == "cividis"
    assert image.get_interpolation() == "nearest"


def test_a_figure_brings_its_own_ground(style):
    # outside of the book the page may be dark
    svg = style(draw())[0]["image/svg+xml"]
    first = re.search(r'<g id="patch_1">.*?</g>', svg, flags=re.DOTALL)[0]
    assert f"fill: {PAPER}" in first


def test_text_axes_and_ticks_are_drawn_in_ink_and_all_grounds_in_paper(style):
    fig, ax = plt.subplots()
    ax.set(xlabel="x", ylabel="y", title="title")
    ax.plot([0, 1], label="line")
    legend = ax.legend()
    fig.draw_without_rendering()
    ticks = [*ax.xaxis.get_major_ticks(), *ax.yaxis.get_major_ticks()]
    texts = [*legend.get_texts(), ax.title, ax.xaxis.label, ax.yaxis.label, ax.text(0, 0, "text")]
    inked = [
        *(text.get_color() for text in texts),
        *(tick.label1.get_color() for tick in ticks),
        *(tick.tick1line.get_color() for tick in ticks),
        *(spine.get_edgecolor() for spine in ax.spines.values()),
    ]
    assert {to_hex(colour) for colour in inked} == {INK}
    assert to_hex(fig.get_facecolor()) == to_hex(ax.get_facecolor()) == PAPER


def test_a_figure_has_the_colours_of_its_lines_and_ink_and_paper_only(style):
    colours = set(re.findall(r"#[0-9a-f]{3,6}\b", style(draw())[0]["image/svg+xml"]))
    colours = {colour for colour in colours if len(colour) == 7}  # others are names of marks
    lines = [to_hex(entry["color"]) for entry in plt.rcParams["axes.prop_cycle"]][:2]
    assert colours == {INK, PAPER, *lines}


@pytest.mark.parametrize(
    ("columns", "rows", "size"), [(1, 1, (6.4, 2.4)), (3, 2, (7.2, 4.8)), (6, 1, (7.2, 2.4))]
)
def test_panels_share_the_width_of_the_page(style, columns, rows, size):
    fig, axes = panels(columns, rows)
    assert tuple(fig.get_size_inches()) == pytest.approx(size)
    assert len(fig.axes) == columns * rows
    if columns * rows > 1:
        assert axes.shape == ((columns,) if rows == 1 else (rows, columns))


def test_panels_take_a_height_and_the_options_of_subplots(style):
    fig, axes = panels(2, 3, height=1.0, sharex=True)
    assert fig.get_size_inches()[1] == pytest.approx(3.0)
    axes[0, 0].set_xlim(3, 4)
    assert axes[2, 0].get_xlim() == (3, 4)


@pytest.mark.parametrize("columns", [0, -1, 7])
def test_a_row_has_room_for_one_to_six_panels(columns):
    with pytest.raises(ValueError, match=f"1 to 6 panels, not {columns}"):
        panels(columns)
