"""Derivatives from values: against closed forms, PyTorch, and what they must refuse."""

import math

import numpy as np
import pytest
import torch

from dlbook.gradcheck import central, complex_step, one_sided, relative_error

rules = pytest.mark.parametrize("rule", [central, one_sided, complex_step])


def cubic(x):
    """x0² x1 + 3 x2, whose gradient is (2 x0 x1, x0², 3)."""
    x = x.reshape(-1)
    return x[0] ** 2 * x[1] + 3 * x[2]


def doubles(*values):
    return torch.tensor(values, dtype=torch.float64)


def test_a_gradient_with_a_closed_form_is_met_one_coordinate_at_a_time():
    x = doubles(2.0, -3.0, 5.0)
    for rule, digits in ((central, 1e-8), (complex_step, 1e-15)):
        gradient = rule(cubic, x)
        assert gradient.tolist() == pytest.approx([-12, 4, 3], rel=digits)


def test_autograd_of_a_random_net_is_met():
    x = torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))

    def f(w):
        return torch.tanh(w @ w.T).exp().sum()

    w = x.clone().requires_grad_()
    (expected,) = torch.autograd.grad(f(w), w)
    assert torch.allclose(central(f, x), expected, rtol=0, atol=1e-7)
    assert torch.allclose(complex_step(f, x), expected, rtol=1e-13, atol=0)


@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (2, 1, 2)])
def test_the_gradient_has_the_shape_of_its_argument(shape):
    x = torch.ones(shape, dtype=torch.float64)
    for gradient in (central(torch.sum, x), complex_step(torch.sum, x)):
        assert gradient.shape == x.shape
        assert torch.allclose(gradient, x)


def test_an_argument_that_is_a_view_with_other_strides_keeps_its_order():
    weights = torch.arange(6, dtype=torch.float64).view(2, 3)
    x = torch.zeros(3, 2, dtype=torch.float64).T
    assert torch.allclose(central(lambda v: (v * weights).sum(), x), weights)


def test_the_error_of_a_central_difference_of_a_cube_is_the_step_squared():
    x = torch.tensor(1.0, dtype=torch.float64)
    for step in (0.1, 0.01):
        assert central(lambda v: v**3, x, step).item() - 3 == pytest.approx(step**2, rel=1e-9)


@pytest.mark.parametrize(
    ("f", "left", "right"), [(torch.abs, -1, 1), (torch.relu, 0, 1), (torch.exp, 1, 1)]
)
def test_a_kink_has_two_slopes_whose_mean_a_central_difference_reports(f, left, right):
    x = torch.zeros((), dtype=torch.float64)
    slopes = one_sided(f, x)
    assert slopes.left.item() == pytest.approx(left, abs=1e-7)
    assert slopes.right.item() == pytest.approx(right, abs=1e-7)
    assert central(f, x).item() == pytest.approx((left + right) / 2, abs=1e-7)


def test_the_complex_step_has_no_smallest_step_until_numbers_underflow():
    x = torch.tensor(1.5, dtype=torch.float64)
    for step in (1e-10, 1e-100, 1e-300):
        assert complex_step(torch.sin, x, step).item() == pytest.approx(math.cos(1.5), rel=1e-15)


@rules
def test_the_argument_is_left_bit_for_bit_as_it_was_even_when_the_function_raises(rule):
    x = doubles(0.1, 1e-17, -3.0)
    before = [value.hex() for value in x.tolist()]
    calls = []

    def breaks_on_the_third_call_and_writes_into_its_argument(v):
        v[:] = 7
        calls.append(1)
        if len(calls) == 3:
            raise KeyError("halfway")
        return v.sum()

    with pytest.raises(KeyError):
        rule(breaks_on_the_third_call_and_writes_into_its_argument, x)
    assert [value.hex() for value in x.tolist()] == before


def test_a_parameter_that_requires_a_gradient_gets_no_graph():
    w = torch.ones(3, dtype=torch.float64, requires_grad=True)
    for gradient in (central(torch.sum, w), complex_step(torch.sum, w)):
        assert not gradient.requires_grad
    assert w.grad is None


@pytest.mark.parametrize(
    "x",
    [
        torch.ones(2),
        np.ones(2),
        torch.ones(2, dtype=torch.int64),
        np.array([1, 2]),
        torch.ones(2, dtype=torch.complex128),
        [1.0, 2.0],
        1.0,
        np.float64(1.0),
        None,
    ],
    ids=repr,
)
@rules
def test_anything_but_float64_is_refused_with_the_reason(rule, x):
    with pytest.raises(TypeError, match=r"float64 tensor, not .*; convert it"):
        rule(lambda v: v.sum(), x)


@rules
def test_what_is_empty_or_not_finite_is_refused(rule):
    with pytest.raises(ValueError, match="no coordinate"):
        rule(lambda v: v.sum(), doubles())
    for bad in (math.nan, math.inf):
        with pytest.raises(ValueError, match="NaN or infinity"):
            rule(lambda v: v.sum(), doubles(1.0, bad))


@rules
def test_a_step_is_a_finite_number_above_0(rule):
    x = torch.ones(2, dtype=torch.float64)
    for step in (0, -1e-5, math.nan, math.inf):
        with pytest.raises(ValueError, match="step must be finite and above 0"):
            rule(lambda v: v.sum(), x, step)
    for step in ("small", None, True, 1j):
        with pytest.raises(TypeError, match="step is a real number"):
            rule(lambda v: v.sum(), x, step)


@pytest.mark.parametrize("rule", [central, one_sided])
def test_a_step_that_rounding_swallows_is_refused(rule):
    with pytest.raises(ValueError, match="lost in rounding at 1000"):
        rule(torch.sum, torch.tensor([1000.0], dtype=torch.float64), 1e-15)


@rules
def test_a_function_gives_one_number(rule):
    with pytest.raises(ValueError, match=r"one number, not shape \(2,\)"):
        rule(lambda v: v * 1, torch.ones(2, dtype=torch.float64))
    with pytest.raises(ValueError, match=r"one number, not shape \(1,\)"):
        rule(lambda v: v.sum().reshape(1), torch.ones(2, dtype=torch.float64))


@pytest.mark.parametrize("result", [3, "3", None, np.float32(3), torch.tensor(3.0), 3j])
def test_a_result_that_is_not_float64_is_refused(result):
    for rule in (central, one_sided):
        with pytest.raises(TypeError, match=r"f must give one number in torch\.float64, not"):
            rule(lambda _: result, torch.ones(2, dtype=torch.float64))


@pytest.mark.parametrize("result", [math.nan, math.inf, -math.inf])
def test_a_result_that_is_not_finite_is_refused(result):
    for rule, value in ((central, result), (one_sided, result), (complex_step, complex(result))):
        with pytest.raises(ValueError, match=r"f gave .*(nan|inf)"):
            rule(lambda _, value=value: value, torch.ones(2, dtype=torch.float64))


@pytest.mark.parametrize("f", [torch.abs, torch.real, lambda v: float(v.real)])
def test_a_function_that_drops_the_imaginary_part_is_found_out(f):
    with pytest.raises(TypeError, match=r"one number in torch\.complex128, not"):
        complex_step(f, torch.tensor(2.0, dtype=torch.float64))


def test_the_relative_error_is_that_of_the_larger_number():
    a, n = doubles(0.0, 1.0, -2.0, 3.0, 0.0), doubles(0.0, 2.0, 2.0, 3.0, 1e-300)
    error = relative_error(a, n)
    assert error.tolist() == [0, 0.5, 2, 0, 1]
    assert relative_error(n, a).tolist() == [0, 0.5, 2, 0, 1]


def test_a_relative_error_needs_two_of_a_kind():
    one = torch.ones(2, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"Shapes differ: \(2,\) and \(2, 1\)"):
        relative_error(one, one.view(2, 1))
    with pytest.raises(TypeError, match="float64"):
        relative_error(one, one.float())
    with pytest.raises(ValueError, match="NaN or infinity"):
        relative_error(one, one / 0)
