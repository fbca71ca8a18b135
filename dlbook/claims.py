"""Claims: statements that an experiment on the page could have refuted."""

import math
import re
from html import escape, unescape
from importlib.resources import files
from string import Template
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display
from latex2mathml.converter import convert_to_element

REAL = (int, float, np.integer, np.floating)
JSON_TYPE = "application/vnd.dlbook.claim+json"
EXACT_INTEGERS = 2**53  # float64 holds every integer up to here
CARD, LINE = (
    Template(files("dlbook").joinpath(name).read_text("utf-8"))
    for name in ("claims.html", "number_line.svg")
)
SHOWN_ELEMENTS = 6  # a longer array is shown by its shape


class ClaimRefuted(AssertionError):
    """The measurement is farther than the tolerance from what was expected."""


class ClaimUndecided(AssertionError):
    """The measurement is within the tolerance of the rival too, which proves nothing."""


class Range(NamedTuple):
    """A closed interval of numbers, for claims that are inequalities."""

    low: float
    high: float

    def __str__(self):
        if self.low == -math.inf:
            return f"below {self.high:.6g}"
        if self.high == math.inf:
            return f"above {self.low:.6g}"
        return f"between {self.low:.6g} and {self.high:.6g}"


def between(low: float, high: float) -> Range:
    """Every number from ``low`` to ``high``, both included."""
    for bound in (low, high):
        if isinstance(bound, bool) or not isinstance(bound, REAL):
            raise TypeError(f"A range needs numbers as bounds, not {bound!r}.")
    if not low < high:  # NaN ends here too
        raise ValueError(f"A range runs from a smaller to a larger number, not {low} to {high}.")
    return Range(float(low), float(high))


def below(high: float) -> Range:
    """Every number up to ``high``."""
    return between(-math.inf, high)


def above(low: float) -> Range:
    """Every number from ``low`` on."""
    return between(low, math.inf)


class Claim(NamedTuple):
    """A claim that was upheld, with what a reader needs to judge it.

    ``distance`` and ``rival_distance`` are how far the measurement lies from what was expected and
    from the rival, as largest absolute differences.
    """

    statement: str
    measured: np.ndarray
    expected: np.ndarray | Range
    rival: np.ndarray | Range
    tolerance: float
    distance: float
    rival_distance: float

    def shown(self, value: np.ndarray | Range) -> str:
        """Write ``value`` to the digits that matter.

        These are the ones that the tolerance leaves with a meaning, and no more than it takes to
        see how far off the rival is.
        """
        finite = math.isfinite(self.rival_distance)
        return _shown(value, self.tolerance, self.rival_distance / 1000 if finite else 0)

    @property
    def verdict(self) -> str:
        """One sentence: how well the measurement fits, and how far off the rival is."""
        if self.measured.dtype == bool:
            return "As expected; the rival is ruled out."
        return (
            f"Off by {self.distance:.2g}, tolerance {self.tolerance:.2g}; "
            f"{self.rival_distance:.3g} from what is believed instead."
        )

    def __repr__(self):
        rows = "".join(f"\n  {name:<17}{text}" for name, text in self._rows())
        return f"claim: {self.statement}{rows}\n  {self.verdict}"

    def _rows(self):
        return [
            ("measured", self.shown(self.measured)),
            ("expected", self.shown(self.expected)),
            ("believed instead", self.shown(self.rival)),
        ]

    def _repr_html_(self):
        rows = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in self._rows())
        statement, line = _typeset(self.statement), _number_line(self)
        return CARD.substitute(statement=statement, rows=rows, line=line, verdict=self.verdict)

    def _repr_mimebundle_(self, **kwargs):
        return {
            "text/plain": repr(self),
            "text/html": self._repr_html_(),
            JSON_TYPE: {
                "statement": self.statement,
                **{name.replace(" ", "_"): text for name, text in self._rows()},
                "tolerance": self.tolerance,
                "distance": self.distance,
                # JSON knows no infinity; null says that the rival is infinitely far
                "rival_distance": None if self.rival_distance == math.inf else self.rival_distance,
            },
        }


def claim(
    statement: str, *, measured: Any, expected: Any, rival: Any = None, tolerance: Any = None
):
    """Show that a statement stood a test which its rival would have failed.

    Args:
        statement: What the reader should take home, in one line without the full stop; ``$...$``
            is mathematics, backticks are code.
        measured: A number, a boolean, or an array, tensor or list of either, of any shape.
        expected: What the statement predicts: of the same kind and shape, or a range of numbers
            from :func:`below`, :func:`above` or :func:`between`, in which all of ``measured`` lies.
        rival: What a reader may believe instead, likewise.
        tolerance: The largest absolute difference that counts as agreement, above 0, in the unit of
            ``measured``. Booleans are compared as 0 and 1 and need none.

    Raises:
        ClaimRefuted: ``measured`` is farther than ``tolerance`` from ``expected``, or is NaN.
        ClaimUndecided: ``measured`` is within ``tolerance`` of ``rival`` as well.
        ValueError: Shapes differ, an array is empty, there is no rival, the tolerance is not a
            positive finite number, or the statement cannot be read.
        TypeError: A value is not of the kinds above.
    """
    card = weigh(statement, measured, expected, rival, tolerance)
    if InteractiveShell.initialized():
        display(card._repr_mimebundle_(), raw=True)  # an error in it is an error of the cell
    else:
        print(card)


def weigh(statement: str, measured: Any, expected: Any, rival: Any, tolerance: Any) -> Claim:
    """Do what :func:`claim` does, and return the card instead of showing it."""
    _typeset(statement)  # a statement that cannot be shown is found before the experiment's verdict
    measured = _array("measured", measured)
    expected = _side("expected", expected, measured)
    rival = _side("rival", rival, measured)
    tolerance = _tolerance(tolerance, measured)
    distance, rival_distance = _distance(measured, expected), _distance(measured, rival)
    result = Claim(statement, measured, expected, rival, tolerance, distance, rival_distance)
    sides = ", ".join(f"{name} {text}" for name, text in result._rows())
    message = f'claim "{statement}": {sides}, tolerance {tolerance:.3g}; '
    if not distance <= tolerance:  # NaN refutes
        raise ClaimRefuted(f"{message}off by {distance:.3g}")
    if rival_distance <= tolerance:
        raise ClaimUndecided(f"{message}the rival is off by {rival_distance:.3g} only")
    return result


def _array(name, value):
    """Turn a caller's value into an array of booleans or of float64, without losing anything."""
    if isinstance(value, Range):
        raise TypeError(f"{name} is a range; ranges are for expected and rival.")
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = (value.double() if value.is_floating_point() else value).resolve_conj().numpy()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} has rows of different lengths: {value!r:.80}") from error
    if array.size == 0:
        raise ValueError(f"{name} is empty (shape {array.shape}), so nothing would be compared.")
    integers = array.dtype.kind in "iu" or all(isinstance(x, int) for x in array.flat)
    if integers and max(abs(int(array.max())), abs(int(array.min()))) > EXACT_INTEGERS:
        raise ValueError(f"{name} has integers above 2**53, which float64 cannot tell apart.")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} is {value!r:.80}; wanted are real numbers, booleans, or arrays.")
    return array if array.dtype == bool else array.astype(np.float64)


def _side(name, value, measured):
    """Check ``expected`` or ``rival`` against what was measured."""
    if value is None:
        raise ValueError(f"{name} is missing: say what the experiment is to be compared with.")
    if isinstance(value, Range):
        if measured.dtype == bool:
            raise TypeError(f"{name} is a range of numbers, but booleans were measured.")
        return value
    array = _array(name, value)
    if (array.dtype == bool) != (measured.dtype == bool):
        raise TypeError(f"{name} and measured must both be booleans or both be numbers.")
    if array.shape != measured.shape:
        raise ValueError(f"{name} has shape {array.shape}, but measured has {measured.shape}.")
    if np.isnan(array).any():
        raise ValueError(f"{name} has a NaN in it, which nothing can agree with.")
    return array


def _tolerance(value, measured):
    if value is None:
        if measured.dtype == bool:
            return 0.5
        raise ValueError("tolerance is missing: say how large a difference counts as agreement.")
    array = _array("tolerance", value)
    if array.shape != () or array.dtype == bool:
        raise TypeError(f"tolerance is one number above 0, not {value!r}.")
    if not (array > 0 and np.isfinite(array)):
        raise ValueError(f"tolerance must be finite and above 0, not {value}.")
    return float(array)


def _distance(measured, side):
    """Give the largest absolute difference; NaN where something measured is NaN."""
    if measured.dtype == bool:
        return float((measured != side).max())
    low, high = side if isinstance(side, Range) else (side, side)
    with np.errstate(invalid="ignore", over="ignore"):  # infinities on both sides, huge numbers
        gap = np.minimum(np.abs(measured - low), np.abs(measured - high))
    return float(np.where((low <= measured) & (measured <= high), 0, gap).max())


def _shown(value, *resolutions):
    if isinstance(value, Range):
        return str(value)
    if value.shape == ():
        return _shown_number(value.item(), *resolutions)
    if value.size > SHOWN_ELEMENTS:
        shape = " × ".join(map(str, value.shape))
        if value.dtype == bool:
            return f"{shape} values, {value.sum()} of them true"
        if np.isnan(value).any():
            return f"{shape} values, {np.isnan(value).sum()} of them NaN"
        low, high = (_shown_number(x.item(), *resolutions) for x in (value.min(), value.max()))
        return f"{shape} values" + (f", all {low}" if low == high else f", {low} to {high}")
    return "(" + ", ".join(_shown_number(x, *resolutions) for x in value.ravel().tolist()) + ")"


def _shown_number(x, tolerance, coarse):
    """Write ``x`` with one digit more than is resolved, in 3 to 9 digits."""
    if isinstance(x, bool):
        return "true" if x else "false"
    x += 0.0  # a zero has no sign for a reader
    if not math.isfinite(x) or abs(x) < tolerance or not 1e-4 < abs(x) < 1e15:
        return f"{x:.2g}"
    if x.is_integer():
        return f"{x:.0f}"
    resolution = max(tolerance, min(coarse, abs(x) / 1000))
    digits = math.floor(math.log10(abs(x))) - math.floor(math.log10(resolution)) + 2
    digits = min(max(digits, 3), 9)
    return np.format_float_positional(x, digits, unique=False, fractional=False, trim="-")


def _typeset(statement):
    """Turn a statement into HTML, its mathematics into MathML that needs no script."""
    if not isinstance(statement, str):
        raise TypeError(f"The statement of a claim is a string, not {statement!r:.80}.")
    if not statement.strip() or statement.splitlines() != [statement]:
        raise ValueError(f"The statement of a claim is one line of text, not {statement!r}.")
    parts = re.split(r"(`[^`]+`|\$[^$]+\$)", statement)
    if any("$" in part for part in parts[::2]):  # what is neither code nor mathematics
        raise ValueError(f"An odd number of dollar signs, so mathematics has no end: {statement!r}")
    return "".join(_typeset_part(part) for part in parts)


def _typeset_part(part):
    if part.startswith("$"):
        return _mathml(part[1:-1])
    if part.startswith("`"):
        return f"<code>{escape(part[1:-1])}</code>"
    return escape(part)


def _mathml(tex):
    try:
        element = convert_to_element(tex)
    except Exception as error:  # the library's errors have no class in common
        raise ValueError(f"latex2mathml cannot read ${tex}$: {error!r}") from error
    for node in element.iter():  # the library leaves its entities to be resolved
        node.text = unescape(node.text or "")
        if "\\" in node.text:
            raise ValueError(f"A TeX command in ${tex}$ is unknown to latex2mathml.")
    return ElementTree.tostring(element, encoding="unicode")


def _number_line(card):
    """Draw measured (disc), expected (bar) and rival (cross) on a line, in the ink of the page."""
    if card.measured.shape != () or card.measured.dtype == bool:
        return ""
    spots = [card.measured, card.expected, card.rival]
    spots = [x if isinstance(x, Range) else Range(x.item(), x.item()) for x in spots]
    ends = [x for spot in spots for x in spot if math.isfinite(x)]
    if not math.isfinite(spots[0].low) or min(ends) == max(ends):
        return ""

    def place(x):
        return round(min(max(20 + 280 * (x - min(ends)) / (max(ends) - min(ends)), 4), 316), 1)

    (disc, _), (left, right), (near, far) = ([place(x) for x in spot] for spot in spots)
    crosses = "".join(f"M{x - 5:.1f} 9l10 10m0-10l-10 10" for x in {near, far} if 4 < x < 316)
    return LINE.substitute(disc=disc, left=left, right=right, near=near, far=far, crosses=crosses)
