import json
import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from IPython.utils.capture import capture_output

from dlbook import above, below, between, claim
from dlbook.claims import JSON_TYPE, ClaimRefuted, ClaimUndecided, weigh

INF, NAN = math.inf, math.nan


def outcome(measured, expected, rival, tolerance=None):
    try:
        weigh("a statement", measured, expected, rival, tolerance)
    except ClaimRefuted:
        return "refuted"
    except ClaimUndecided:
        return "undecided"
    return "upheld"


def parsed(card):
    return ElementTree.fromstring(f"<body>{card._repr_html_()}</body>")


def text_of(statement):
    page = parsed(weigh(statement, True, True, False, None))
    return "".join(page.find(".//p[@class='claim-statement']").itertext())


def json_of(*values):
    return weigh("a statement", *values)._repr_mimebundle_()[JSON_TYPE]


# --- the verdict


@pytest.mark.parametrize(
    ("measured", "expected", "rival"),
    [
        (3, 3.05, 4),
        (np.float32(3), 3, np.int64(4)),
        (torch.tensor(3.0), 3, 4),
        (torch.tensor(3.0, requires_grad=True), torch.tensor(3), 4),
        (torch.tensor(3.0, dtype=torch.bfloat16), 3, 4),
        (torch.tensor(1 - 3j).conj().imag, 3, 4),  # PyTorch keeps its sign in a bit of its own
        (torch.zeros(2, 3).shape, (2, 3), (3, 2)),
        ([1.0, 2.0], torch.tensor([1.0, 2.0]), np.array([1.0, 3.0])),
        (torch.eye(2), np.eye(2), [[1, 0], [0, 2]]),
        (3, between(2.5, 3.5), below(2)),
        ([3, 4], above(2.5), [3, 5]),
        (True, True, False),
        (np.bool_(True), True, np.bool_(False)),
        (torch.tensor([True, False]), [True, False], torch.tensor([True, True])),
    ],
)
def test_a_claim_is_upheld_near_what_was_expected_and_only_there(measured, expected, rival):
    tolerance = None if np.asarray(expected).dtype == bool else 0.1
    assert outcome(measured, expected, rival, tolerance) == "upheld"
    assert outcome(measured, rival, expected, tolerance) == "refuted"
    assert outcome(measured, expected, expected, tolerance) == "undecided"


def test_one_entry_that_is_off_refutes():
    assert outcome([1, 2, 3.2], [1, 2, 3], [0, 0, 0], 0.1) == "refuted"
    assert outcome([True, True], [True, False], [False, False]) == "refuted"


def test_one_entry_outside_of_a_range_refutes():
    assert outcome([1, 2, 3.2], below(3), above(5), 0.1) == "refuted"


def test_a_rival_is_ruled_out_by_one_entry():
    assert outcome([1, 2, 3], [1, 2, 3], [1, 2, 3.2], 0.1) == "upheld"


def test_a_difference_as_large_as_the_tolerance_still_agrees():
    assert outcome(1.5, 1, 3, 0.5) == "upheld"
    assert outcome(1.5, 1, 2, 0.5) == "undecided"
    assert outcome(math.nextafter(1.5, 2), 1, 3, 0.5) == "refuted"
    assert outcome(1.5, 1, math.nextafter(2, 3), 0.5) == "upheld"


def test_a_range_includes_its_bounds_and_has_the_tolerance_around_it():
    assert outcome(3, below(3), above(5), 1e-9) == "upheld"
    assert outcome(3.5, below(3), above(5), 0.5) == "upheld"
    assert outcome(3, between(1, 3), below(2.5), 0.5) == "undecided"


def test_nan_refutes():
    assert outcome(NAN, 1, 2, 0.1) == "refuted"
    assert outcome(NAN, above(0), below(0), 0.1) == "refuted"


def test_nan_in_one_entry_refutes():
    assert outcome([1, NAN], [1, 1], [2, 2], 0.1) == "refuted"
    with pytest.raises(ClaimRefuted) as refuted:
        weigh("a statement", [NAN, *range(9)], range(10), range(1, 11), 0.1)
    assert "all nan" not in str(refuted.value)


@pytest.mark.parametrize(
    ("measured", "expected", "rival", "verdict"),
    [
        (INF, INF, 0, "upheld"),
        (INF, INF, -INF, "upheld"),
        (INF, INF, INF, "undecided"),
        (INF, 0, INF, "refuted"),
        (0, INF, 1, "refuted"),
        (0, 0, INF, "upheld"),
        ([0, INF], [0, INF], [0, 0], "upheld"),
        (INF, above(3), 0, "upheld"),
        (INF, INF, above(3), "undecided"),
        (INF, INF, below(3), "upheld"),
        (-INF, below(3), 5, "upheld"),
        (INF, below(3), 5, "refuted"),
    ],
)
def test_infinity_agrees_with_itself_only_and_lies_above_every_number(
    measured, expected, rival, verdict
):
    assert outcome(measured, expected, rival, 0.1) == verdict


def test_a_difference_too_large_for_a_float_is_no_agreement():
    assert outcome(1.7e308, 1.7e308, -1.7e308, 0.1) == "upheld"


def test_a_float32_is_not_rounded_to_the_number_it_stands_for():
    # the float32 next to 0.1 is 0.100000001490116...
    assert outcome(torch.tensor(0.1), 0.1, 0.2, 1e-9) == "refuted"
    assert outcome(torch.tensor(0.1), 0.1, 0.2, 2e-9) == "upheld"


SPECIAL = st.sampled_from([0.0, 0.1, 1.0, INF, -INF, NAN])
NUMBERS = st.floats(-3, 3) | st.floats() | SPECIAL
FINITE = st.floats(-3, 3) | st.floats(allow_nan=False, allow_infinity=False)
PAIRS = st.tuples(FINITE, FINITE).filter(lambda pair: pair[0] < pair[1])
SIDES = NUMBERS.filter(lambda x: x == x) | PAIRS | FINITE.map(lambda x: (-INF, x))


def agrees(number, side, tolerance):
    low, high = side if isinstance(side, tuple) else (side, side)
    if low <= number <= high:
        return True
    return min(abs(number - low), abs(number - high)) <= tolerance


@settings(derandomize=True, max_examples=500, deadline=None)
@given(
    st.lists(st.tuples(NUMBERS, NUMBERS.filter(lambda x: x == x)), min_size=1, max_size=4),
    SIDES,
    st.floats(1e-12, 10),
)
@example([(1.5, 1.0)], (2.0, 5.0), 0.5)
def test_the_verdict_is_that_of_the_definition_on_random_numbers(pairs, rival, tolerance):
    measured = [m for m, _ in pairs]
    expected = [e for _, e in pairs]
    fits = all(agrees(m, e, tolerance) for m, e in pairs)
    rival_fits = all(agrees(m, rival, tolerance) for m in measured)
    wanted = "refuted" if not fits else "undecided" if rival_fits else "upheld"
    rival = between(*rival) if isinstance(rival, tuple) else [rival] * len(pairs)
    assert outcome(measured, expected, rival, tolerance) == wanted


@settings(derandomize=True, max_examples=300, deadline=None)
@given(NUMBERS, PAIRS, NUMBERS.filter(lambda x: x == x), st.floats(1e-12, 10))
def test_the_verdict_on_a_range_is_that_of_the_definition_on_random_numbers(m, e, r, tolerance):
    wanted = "undecided" if agrees(m, r, tolerance) else "upheld"
    wanted = wanted if agrees(m, e, tolerance) else "refuted"
    assert outcome(m, between(*e), r, tolerance) == wanted


# --- what raises


STATEMENTS = ["two is even", r"the \"odd\" ones", r"$\alpha > \beta$ & `x[0] < '\n'`"]


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize(("rival", "error"), [(5, ClaimUndecided), (9, ClaimRefuted)])
def test_a_claim_that_fails_says_so_in_one_line_with_its_statement(statement, rival, error):
    measured = 5.0 if error is ClaimUndecided else 7.0
    with pytest.raises(AssertionError) as failed:
        claim(statement, measured=measured, expected=5, rival=rival, tolerance=0.1)
    assert failed.type is error
    message = str(failed.value)
    assert statement in message
    assert "\n" not in message
    for part in (
        f"measured {measured:.0f}",
        "expected 5",
        f"believed instead {rival}",
        "tolerance 0.1",
    ):
        assert part in message


def test_a_claim_needs_a_rival():
    with pytest.raises(ValueError, match="rival is missing"):
        claim("a statement", measured=1, expected=1, tolerance=0.1)


def test_a_claim_needs_an_expectation():
    with pytest.raises(ValueError, match="expected is missing"):
        claim("a statement", measured=1, expected=None, rival=2, tolerance=0.1)


def test_numbers_need_a_tolerance():
    with pytest.raises(ValueError, match="tolerance is missing"):
        claim("a statement", measured=1, expected=1, rival=2)


@pytest.mark.parametrize("tolerance", [0, 0.0, -1, NAN, INF, -INF, torch.tensor(0.0)])
def test_a_tolerance_is_finite_and_above_0(tolerance):
    with pytest.raises(ValueError, match="tolerance must be finite and above 0"):
        outcome(1, 1, 2, tolerance)


@pytest.mark.parametrize("tolerance", [True, [0.1], (0.1, 0.2), "0.1", below(1)])
def test_a_tolerance_is_one_number(tolerance):
    with pytest.raises(TypeError, match="tolerance is"):
        outcome(1, 1, 2, tolerance)


@pytest.mark.parametrize(
    ("expected", "rival", "name"), [(NAN, 2, "expected"), (1, NAN, "rival"), ([1, NAN], 2, "exp")]
)
def test_nothing_can_be_expected_to_be_nan(expected, rival, name):
    measured = np.ones_like(expected)
    with pytest.raises(ValueError, match=f"{name}.* has a NaN"):
        outcome(measured, expected, np.broadcast_to(rival, measured.shape), 0.1)


@pytest.mark.parametrize(
    ("measured", "other"),
    [(1.0, [1.0]), ([1.0], 1.0), ([1, 2], [1, 2, 3]), (np.eye(2), np.ones(4)), ([1, 2], 1)],
)
def test_shapes_must_be_the_same(measured, other):
    shapes = rf"shape {re.escape(str(np.shape(other)))}.*{re.escape(str(np.shape(measured)))}"
    with pytest.raises(ValueError, match=f"expected has {shapes}"):
        outcome(measured, other, measured, 0.1)
    with pytest.raises(ValueError, match=f"rival has {shapes}"):
        outcome(measured, measured, other, 0.1)


@pytest.mark.parametrize("empty", [[], np.zeros((3, 0)), torch.zeros(0)])
def test_nothing_is_no_measurement(empty):
    with pytest.raises(ValueError, match="measured is empty"):
        outcome(empty, empty, empty, 0.1)


def test_rows_must_have_one_length():
    with pytest.raises(ValueError, match="measured has rows of different lengths"):
        outcome([[1], [1, 2]], 1, 2, 0.1)


@pytest.mark.parametrize("value", [1j, torch.tensor(1j), "1", None, [1, "a"], {1}, object()])
def test_a_measurement_is_made_of_real_numbers_or_booleans(value):
    with pytest.raises(TypeError, match=r"measured is .* real numbers, booleans, or arrays"):
        outcome(value, 1, 2, 0.1)


@pytest.mark.parametrize(("measured", "other"), [(True, 1), (1, True), ([1, 0], [True, False])])
def test_booleans_are_not_compared_with_numbers(measured, other):
    for sides, name in (((other, measured), "expected"), ((measured, other), "rival")):
        with pytest.raises(TypeError, match=f"{name} and measured must both be booleans or both"):
            outcome(measured, *sides, 0.1)


def test_booleans_are_not_compared_with_a_range():
    with pytest.raises(TypeError, match="expected is a range of numbers, but booleans"):
        outcome(True, above(0), False)


def test_a_range_is_no_measurement():
    with pytest.raises(TypeError, match="measured is a range"):
        outcome(above(0), 1, 2, 0.1)


@pytest.mark.parametrize(
    "integer", [2**53 + 1, -(2**53) - 1, 10**30, np.uint64(2**63), torch.tensor([0, 2**53 + 1])]
)
def test_integers_that_float64_would_round_are_refused(integer):
    with pytest.raises(ValueError, match=r"integers above 2\*\*53"):
        outcome(integer, integer, 0, 0.1)


def test_integers_up_to_2_to_the_53_are_told_apart():
    assert outcome(2**53, 2**53, 2**53 - 1, 0.5) == "upheld"
    assert outcome(-(2**53), 1 - 2**53, 0, 0.5) == "refuted"


@pytest.mark.parametrize("bounds", [(2, 1), (1, 1), (NAN, 1), (1, NAN)])
def test_a_range_runs_from_a_smaller_to_a_larger_number(bounds):
    with pytest.raises(ValueError, match="from a smaller to a larger number"):
        between(*bounds)


@pytest.mark.parametrize("bound", ["1", None, True, 1j, np.complex64(1), [1]])
def test_a_range_is_bounded_by_numbers(bound):
    for make in (below, above, lambda x: between(x, 2)):
        with pytest.raises(TypeError, match="numbers as bounds"):
            make(bound)


@pytest.mark.parametrize("statement", ["", "  ", "two\nlines", "two lines\n"])
def test_a_statement_is_one_line(statement):
    with pytest.raises(ValueError, match="one line of text"):
        weigh(statement, 1, 1, 2, 0.1)


def test_a_statement_is_a_string():
    with pytest.raises(TypeError, match="is a string, not 3"):
        claim(3, measured=1, expected=1, rival=2, tolerance=0.1)


def test_mathematics_in_a_statement_ends():
    with pytest.raises(ValueError, match="odd number of dollar signs"):
        weigh("one $x and no more", 1, 1, 2, 0.1)


@pytest.mark.parametrize(
    "formula",
    [r"$\foo$", r"$a + \relux b$", "$x^$", "$x^2^3$", r"$\left( x$", "${$", r"$\begin{matrix} 1$"],
)
def test_tex_that_cannot_be_read_is_an_error_that_quotes_it(formula):
    with pytest.raises(ValueError, match=re.escape(formula)):
        weigh(f"it is {formula}", 1, 1, 2, 0.1)


def test_a_statement_is_checked_before_the_experiment_is():
    with pytest.raises(ValueError, match="unknown"):
        weigh(r"$\foo$", 1, 2, 3, 0.1)


# --- what is shown


def test_a_claim_shows_itself_in_a_notebook_in_three_forms(shell):
    with capture_output() as captured:
        result = claim("two is $1 + 1$", measured=2.0, expected=2, rival=3, tolerance=0.1)
    assert result is None
    (output,) = captured.outputs
    assert set(output.data) == {"text/plain", "text/html", JSON_TYPE}
    assert output.data["text/plain"].startswith("claim: two is $1 + 1$\n")
    assert output.data["text/html"].startswith("<div")
    assert output.data[JSON_TYPE]["statement"] == "two is $1 + 1$"


def test_a_claim_prints_itself_in_a_terminal(capsys):
    claim("two is even", measured=2.0, expected=2, rival=3.5, tolerance=0.1)
    printed = capsys.readouterr().out
    for line in ("claim: two is even", "measured +2", "expected +2", "believed instead +3.5"):
        assert re.search(line, printed)


def test_a_claim_that_fails_shows_no_card(capsys):
    with pytest.raises(ClaimRefuted):
        claim("two is odd", measured=2.0, expected=3, rival=4, tolerance=0.1)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "values",
    [
        *((1, 1, 2, 0.1), (0, 0, INF, 0.1), (INF, INF, 0, 0.1), (INF, INF, below(3), 0.1)),
        *((3, above(2), below(2), 0.1), ([1, 2], [1, 2], [2, 1], 0.1), (True, True, False, None)),
    ],
)
def test_the_json_form_is_strict_json(values):
    form = json_of(*values)
    assert json.loads(json.dumps(form, allow_nan=False)) == form
    assert form["distance"] <= form["tolerance"]
    assert form["rival_distance"] is None or form["rival_distance"] > form["tolerance"]


def test_the_json_form_has_the_numbers_of_the_claim():
    form = json_of([1.0, 2.25], [1.0, 2.0], [4.0, 2.0], 0.5)
    assert form == {
        "statement": "a statement",
        "measured": "(1, 2.25)",
        "expected": "(1, 2)",
        "believed_instead": "(4, 2)",
        "tolerance": 0.5,
        "distance": 0.25,
        "rival_distance": 3.0,
    }


def test_a_rival_infinitely_far_has_no_distance_in_json():
    assert json_of(0, 0, INF, 0.1)["rival_distance"] is None


@pytest.mark.parametrize(
    ("value", "tolerance", "rival_distance", "shown"),
    [
        (math.pi, 0.01, 1, "3.142"),
        (-math.pi, 0.01, 1, "-3.142"),
        (math.pi, 0.0001, 0.01, "3.14159"),
        (math.pi, 1e-9, 1, "3.1416"),  # more digits say nothing about a rival at this distance
        (math.pi, 1e-12, 1e-11, "3.14159265"),  # never more than nine
        (1234.5678, 0.1, 1, "1234.57"),
        (12345.67, 30, 100, "12346"),
        (0.00012346, 1e-6, 1e-5, "0.0001235"),
        (1e-7, 0.1, 1, "1e-07"),
        (2.0, 1e-9, 1, "2"),
        (-0.0, 1e-9, 1, "0"),
        (INF, 0.1, INF, "inf"),
        ([1.23456, 2], 0.1, 1, "(1.23, 2)"),
        (np.linspace(0, 1, 10), 0.1, 1, "10 values, 0 to 1"),
        (torch.zeros(2, 4), 0.1, 1, "2 × 4 values, all 0"),
        (True, None, 1, "true"),
        ([True, False], None, 1, "(true, false)"),
    ],
)
def test_numbers_are_shown_to_the_digits_that_matter(value, tolerance, rival_distance, shown):
    array = np.asarray(value)
    if array.dtype == bool:
        rival = ~array
    else:
        rival = array + rival_distance if math.isfinite(rival_distance) else 0
    assert json_of(value, value, rival, tolerance)["measured"] == shown


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.floats(-9999, 9999), st.floats(1e-3, 1))
def test_what_is_shown_is_within_a_tenth_of_what_matters(value, tolerance):
    shown = float(json_of(value, value, value + 3, tolerance)["measured"])
    assert abs(shown - value) <= max(tolerance, 3 / 1000) / 10


@pytest.mark.parametrize(
    ("side", "shown"),
    [(below(0.5), "below 0.5"), (above(-2), "above -2"), (between(1, 2.5), "between 1 and 2.5")],
)
def test_a_range_is_shown_in_words(side, shown):
    measured = 2 if side.low == 1 else 0
    assert json_of(measured, side, 100, 0.1)["expected"] == shown


@pytest.mark.parametrize(
    "statement",
    [
        "plain words",
        "\"double\" and 'single' quotes, & and &amp;",
        "a <b>tag</b>, 1 < 2 and 2 > 1",
        r"a back\slash outside of mathematics",
        "naïve – Ångström",
    ],
)
def test_a_statement_is_shown_letter_by_letter(statement):
    assert text_of(statement) == f"Claim. {statement}."


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("if $a < b$ then", "if a<b then"),
        (r"$\alpha \geq 0$", "α≥0"),
        ("the `<code>` & `$x$` of $y$", "the <code> & $x$ of y"),
        (r"$\text{a < b & c}$ is text", "a < b & c is text"),
    ],
)
def test_mathematics_and_code_are_typeset(statement, text):
    assert text_of(statement).replace("\xa0", " ") == f"Claim. {text}."


def test_mathematics_becomes_mathml_and_code_becomes_code():
    page = parsed(weigh("`f` maps $x$", True, True, False, None))
    assert page.find(".//p/code").text == "f"
    assert "".join(page.find(".//p/{http://www.w3.org/1998/Math/MathML}math").itertext()) == "x"


CARDS = {
    "scalar": ("a", 1.0, 1, 2, 0.1),
    "ranges": (r"$\frac{a}{b} < c$", 3.0, above(2), below(1), 0.1),
    "array": ("a & b", [1.0, 2.0], [1.0, 2.0], [2.0, 1.0], 0.1),
    "array in a range": ("a", [1.0, 2.0], below(3), [5.0, 5.0], 0.1),
    "boolean": ("<a>", True, True, False, None),
    "infinite": ("a", INF, INF, 0, 0.1),
    "large": ("a", torch.zeros(100), torch.zeros(100), torch.ones(100), 0.1),
}


@pytest.fixture(params=CARDS)
def page(request):
    return parsed(weigh(*CARDS[request.param]))


def test_a_card_runs_no_script_and_loads_nothing(page):
    names = {element.tag.rpartition("}")[2] for element in page.iter()}
    assert not names & {"script", "link", "img", "image", "iframe", "object", "use"}
    for element in page.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert not {name.rpartition("}")[2]} & {"href", "src", "style"}
            assert "//" not in value
    style = page.find(".//style").text
    assert "url(" not in style
    assert "@import" not in style


def test_a_card_is_drawn_in_the_ink_of_the_page(page):
    inks = {
        value
        for element in page.iter()
        for name, value in element.attrib.items()
        if name in {"fill", "stroke", "color", "mathcolor", "background", "mathbackground"}
    }
    assert inks <= {"none", "currentColor"}
    style = re.sub(r"/\*.*?\*/", "", page.find(".//style").text, flags=re.DOTALL)
    assert not re.search(r"color|background|#|\brgb|\bhsl|\bfill|\bstroke", style)


def test_a_card_speaks_to_a_screen_reader(page):
    card = page.find("div")
    assert card.get("role") == "group"
    assert card.get("aria-label")
    assert [row.text for row in page.iter("dt")] == ["measured", "expected", "believed instead"]
    assert all(row.text for row in page.iter("dd"))
    for drawing in page.iter("svg"):
        assert drawing.get("role") == "img"
        assert drawing.get("aria-label")


def markers(*values):
    """Give the x of the disc, of the ends of the bar and of the crosses."""
    drawing = parsed(weigh("a", *values)).find(".//svg")
    paths = [path.get("d") for path in drawing.iter("path")]
    bar = re.search(r"M(\S+) 4V24M(\S+) 4V24", " ".join(paths))
    crosses = [float(x) + 5 for x in re.findall(r"M(\S+) 9l10 10", " ".join(paths))]
    disc = float(drawing.find("circle").get("cx"))
    return disc, (float(bar[1]), float(bar[2])), crosses


def test_the_number_line_is_to_scale():
    disc, (bar, end), (cross,) = markers(2.0, 1.0, 5.0, 1.5)
    assert bar == end == 20
    assert cross == 300
    assert (disc - bar) / (cross - bar) == pytest.approx(1 / 4, abs=0.001)  # (2 - 1) / (5 - 1)


def test_the_bar_of_a_range_covers_the_measurement():
    disc, (low, high), (cross,) = markers(3.0, between(2, 6), 10.0, 0.1)
    assert low < disc < high < cross
    assert (disc - low) / (high - low) == pytest.approx(1 / 4, abs=0.001)


def test_the_bar_of_an_open_range_runs_to_the_edge():
    disc, (low, high), (cross,) = markers(3.0, above(2), below(1), 0.1)
    assert cross < low < disc < high == 316


@pytest.mark.parametrize(
    "values", [(True, True, False, None), (INF, INF, 0, 0.1), ([1, 2], [1, 2], [5, 5], 0.1)]
)
def test_what_has_no_place_among_numbers_has_no_number_line(values):
    assert parsed(weigh("a", *values)).find(".//svg") is None


def test_the_verdict_says_how_far_off_both_are():
    text = "".join(parsed(weigh("a", 1.25, 1, 3, 0.5)).itertext())
    assert "Off by 0.25, tolerance 0.5; 1.75 from what is believed instead" in text
