"""Derivatives of a function from its values alone, to hold a gradient against.

The complex step is that of Martins, Sturdza and Alonso (2003), "The complex-step derivative
approximation", ACM Transactions on Mathematical Software 29, doi:10.1145/838250.838251.
"""

import math
import numbers
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor


class Slopes(NamedTuple):
    """One-sided difference quotients, each of the shape of ``x``; at a kink they differ."""

    left: Tensor
    right: Tensor


def central(f: Callable[[Tensor], Any], x: Tensor, step: float = 1e-5) -> Tensor:
    """Give (f(x + step e) - f(x - step e)) / (2 step) for the unit vector e of each coordinate.

    ``f`` is called twice a coordinate, each time on a copy of ``x``. Where ``f`` is smooth, the
    error is about step² |f'''| / 6 + 1e-16 |f| / step, in the unit of the derivative.

    Args:
        f: Gives one float64 number, as a tensor of shape () or a Python float.
        x: A float64 tensor of any shape but an empty one.
        step: Above 0, in the unit of ``x``.

    Raises:
        TypeError: ``x``, ``step`` or the result of ``f`` is of another type, such as float32, whose
            rounding would swamp the quotient, or integers, which cannot be moved by a step.
        ValueError: ``x`` is empty or not finite, ``step`` is not above 0 or too small to change a
            coordinate, or ``f`` gives several numbers, NaN or infinity.
    """
    _check_moves(x, step)
    return (_values(f, x, step) - _values(f, x, -step)) / (2 * step)


def one_sided(f: Callable[[Tensor], Any], x: Tensor, step: float = 1e-7) -> Slopes:
    """Give the slopes of ``f`` to the left and to the right of ``x``, by coordinate.

    At a kink they differ, and a central difference is their mean. Arguments and errors are those of
    :func:`central`; ``f`` is called once at ``x`` besides.

    >>> one_sided(torch.relu, torch.tensor(0.0, dtype=torch.float64))
    Slopes(left=tensor(0., dtype=torch.float64), right=tensor(1., dtype=torch.float64))
    """
    _check_moves(x, step)
    here = _number(f(_moved(x, 0, 0)), x.dtype)
    return Slopes((here - _values(f, x, -step)) / step, (_values(f, x, step) - here) / step)


def complex_step(f: Callable[[Tensor], Any], x: Tensor, step: float = 1e-20) -> Tensor:
    """Give Im f(x + i step e) / step for the unit vector e of each coordinate.

    Nothing is subtracted, so nothing cancels. ``f`` has to be analytic and work on complex128: no
    absolute value, maximum, comparison or conjugate. Arguments and errors are those of
    :func:`central`; that ``f`` gives a real number is a TypeError too.
    """
    _check(x, step)
    return _values(f, x.to(torch.complex128), 1j * step).imag / step


def relative_error(analytic: Tensor, numeric: Tensor) -> Tensor:
    """Give |a - n| / max(|a|, |n|) for each entry, from 0 to 2; 0 where both are 0.

    Raises:
        TypeError: One of the two is not a float64 tensor.
        ValueError: The shapes differ, or an entry is not finite.
    """
    _check(analytic)
    _check(numeric)
    if analytic.shape != numeric.shape:
        raise ValueError(f"Shapes differ: {tuple(analytic.shape)} and {tuple(numeric.shape)}.")
    scale = torch.maximum(analytic.abs(), numeric.abs()).detach()
    return (analytic - numeric).detach().abs() / scale.where(scale != 0, 1)


def _check_moves(x, step):
    """Check that the step changes every coordinate."""
    _check(x, step)
    for here in x.flatten().tolist():
        if here + step == here or here - step == here:
            raise ValueError(f"A step of {step} is lost in rounding at {here}; take a larger one.")


def _values(f, x, by):
    """Give f at ``x`` moved by ``by`` along each coordinate in turn, in the shape of ``x``."""
    values = [_number(f(_moved(x, k, by)), x.dtype) for k in range(x.numel())]
    return torch.tensor(values, dtype=x.dtype).view(x.shape)


def _moved(x, k, by):
    moved = x.detach().clone(memory_format=torch.contiguous_format)
    moved.view(-1)[k] += by
    return moved


def _number(value, dtype):
    plain = complex if dtype.is_complex else float
    if getattr(value, "dtype", None) != dtype and not isinstance(value, plain):
        raise TypeError(f"f must give one number in {dtype}, not {_kind(value)}.")
    if getattr(value, "shape", ()) != ():
        raise ValueError(f"f must give one number, not shape {tuple(value.shape)}.")
    value = plain(value)
    if not math.isfinite(abs(value)):
        raise ValueError(f"f gave {value} near x, from which no slope follows.")
    return value


def _check(x, step=1.0):
    if getattr(x, "dtype", None) != torch.float64:
        raise TypeError(
            f"Wanted is a float64 tensor, not {_kind(x)}; convert it, as in x.double(). Integers "
            "cannot take a small step, and float32 rounds it away."
        )
    if x.numel() == 0:
        raise ValueError(f"There is no coordinate to move in shape {tuple(x.shape)}.")
    if not x.isfinite().all():
        raise ValueError("There is NaN or infinity in it, so no slope can be taken there.")
    if isinstance(step, bool) or not isinstance(step, numbers.Real):
        raise TypeError(f"step is a real number, not {step!r}.")
    if not 0 < step < math.inf:
        raise ValueError(f"step must be finite and above 0, not {step}.")


def _kind(value):
    return f"one of {value.dtype}" if hasattr(value, "dtype") else f"{value!r:.40}"
