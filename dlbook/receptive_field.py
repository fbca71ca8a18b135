"""The receptive field of a unit: predicted by the recursion over its layers, or measured on a net.

The recursion is that of Araujo, Norris and Sim (2019), "Computing receptive fields of convolutional
neural networks", Distill, doi:10.23915/distill.00021, run from the input to the output.
"""

import copy
import numbers
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import nn

BATCH_ELEMENTS = 2**22  # of one poisoned batch: a few hundred MB with what a net makes of it


class _Window(NamedTuple):
    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1


class Window(_Window):
    """One convolution or pooling layer along one axis; lengths in pixels of its input.

    ``padding`` is what is added before the first pixel. The kernel reads ``kernel`` pixels,
    ``dilation`` apart, and moves by ``stride`` from one output unit to the next.

    Raises:
        TypeError: A field is not an integer.
        ValueError: ``padding`` is below 0, or another field below 1.
    """

    __slots__ = ()

    def __new__(cls, kernel, stride=1, padding=0, dilation=1):
        """Check the fields."""
        values = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
        for name, value in values.items():
            if isinstance(value, bool) or not isinstance(value, numbers.Integral):
                raise TypeError(f"Window: {name} must be a whole number of pixels, not {value!r}.")
            if value < (least := 0 if name == "padding" else 1):
                raise ValueError(f"Window: {name} must be at least {least}, not {value}.")
        return super().__new__(cls, *map(int, values.values()))


class Field(NamedTuple):
    """The interval of input pixels that bounds the receptive field of an output unit.

    Unit ``i`` reads within ``[start + i * jump, start + i * jump + size - 1]``; what lies outside
    of the input is padding.
    """

    size: int
    jump: int
    start: int


def predict(windows: Iterable["Window | Sequence[Sequence]"]) -> Field:
    """Follow the field of one output unit through ``windows``, listed from input to output.

    An item may also be a list of branches that run side by side and are then added or concatenated
    unit by unit; each branch is such a list again, and the empty branch is the identity.

    >>> predict([Window(3, padding=1), Window(2, stride=2), Window(3, padding=1)])
    Field(size=8, jump=2, start=-3)
    >>> predict([[[Window(3, padding=1), Window(3, padding=1)], []]])
    Field(size=5, jump=1, start=-2)

    Raises:
        TypeError: An item is neither a window nor a list of branches.
        ValueError: Branches end with different jumps, so that their units do not meet.
    """
    return _follow(windows, Field(1, 1, 0))


def _follow(windows, field):
    if isinstance(windows, Window) or not isinstance(windows, Iterable):
        raise TypeError(f"Windows come as a list, from input to output, not as {windows!r}.")
    for item in windows:
        if isinstance(item, Window):
            field = Field(
                size=field.size + (item.kernel - 1) * item.dilation * field.jump,
                jump=field.jump * item.stride,
                start=field.start - item.padding * field.jump,
            )
        elif isinstance(item, list | tuple) and not isinstance(item, _Window) and item:
            field = _union([_follow(branch, field) for branch in item])
        else:
            raise TypeError(f"Expected a Window or a non-empty list of branches, not {item!r}.")
    return field


def _union(fields):
    jumps = sorted({field.jump for field in fields})
    if len(jumps) > 1:
        raise ValueError(
            f"Branches end with jumps of {jumps} pixels; give them the same product of strides."
        )
    start = min(field.start for field in fields)
    return Field(max(field.start + field.size for field in fields) - start, jumps[0], start)


def _named(names):
    return tuple(getattr(nn, name) for name in names.split())


WINDOWED = {  # the layers that move the field, with their number of spatial axes
    getattr(nn, f"{kind}{axes}d"): axes
    for kind in ("Conv", "AvgPool", "MaxPool", "LPPool")
    for axes in (1, 2, 3)
}
BATCH_NORMS = _named("BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm")
POINTWISE = _named(
    "Identity Dropout Dropout1d Dropout2d Dropout3d AlphaDropout FeatureAlphaDropout "
    "LocalResponseNorm Softmax2d ChannelShuffle ReLU ReLU6 LeakyReLU PReLU RReLU ELU CELU SELU "
    "GELU SiLU Mish Sigmoid LogSigmoid Hardsigmoid Tanh Hardtanh Hardswish Hardshrink Softshrink "
    "Tanhshrink Softplus Softsign Threshold"
)
GLOBAL = _named(
    "Linear Bilinear Flatten LayerNorm GroupNorm InstanceNorm1d InstanceNorm2d InstanceNorm3d "
    "RNNBase MultiheadAttention AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d "
    "AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d"
)


def windows(net: nn.Module, axis: int | None = None) -> list[Window]:
    """Read the windows of ``net``, from input to output, along one of its spatial axes.

    ``net`` is built from ``nn.Sequential``, convolutions and poolings of one to three dimensions,
    and layers that leave the field as it is (activations, dropout, batch norm in evaluation mode).
    Without ``axis``, all axes must agree.

    Raises:
        ValueError: A module makes the field global or hides how it moves the field; the message
            names it. Or the axes differ, or ``net`` has no such axis.
        TypeError: ``net`` is not a PyTorch module.
    """
    layers = _layers(net)
    spans = {len(layer) for layer in layers}
    if len(spans) > 1:
        raise ValueError(f"The layers disagree about the number of spatial axes: {sorted(spans)}.")
    columns = [list(column) for column in zip(*layers, strict=True)]
    if axis is None:
        if any(column != columns[0] for column in columns):
            raise ValueError("The axes have different windows; say which you want, as in axis=0.")
        axis = 0
    if columns and axis not in range(len(columns)):
        raise ValueError(f"The net has spatial axes 0 to {len(columns) - 1}, not {axis!r}.")
    return columns[axis] if columns else []


def _layers(net, name="the net"):
    """List the windows of each layer that has any, one for every spatial axis."""
    if not isinstance(net, nn.Module):
        raise TypeError(f"Expected a PyTorch module, not {net!r:.80}.")
    original = type(net).forward.__module__.startswith("torch.nn.")  # not replaced by a subclass
    if isinstance(net, nn.Sequential) and original:
        prefix = "" if name == "the net" else f"{name}."
        # not net.modules(), which lists a layer that is used twice only once
        return [x for key, child in net._modules.items() for x in _layers(child, prefix + key)]
    if reason := _obstacle(net, original):
        raise ValueError(f"{name} ({type(net).__name__}) {reason}")
    return [_axes(net)] if isinstance(net, tuple(WINDOWED)) else []


def _obstacle(module, original):
    """Say why the field behind ``module`` cannot be known, or return None."""
    if isinstance(module, GLOBAL):
        return "makes the receptive field the whole input, or a share of it, whatever its size."
    if isinstance(module, BATCH_NORMS):
        if not module.training and module.track_running_stats:
            return None
        advice = "call net.eval()" if module.track_running_stats else "keep running statistics"
        return (
            "takes its mean and variance over all positions of the batch, so the field is the "
            f"whole input; {advice} for the field at test time."
        )
    if getattr(module, "padding_mode", "zeros") == "circular":
        return (
            "pads circularly, so units at one border read the other; find the field by measure()."
        )
    if isinstance(module, (*WINDOWED, *POINTWISE)) and original:
        return None
    return (
        "does not say by its type which input each output unit reads; list the windows by hand for "
        "predict(), or find the field by experiment with measure()."
    )


def _axes(module):
    """Give the windows of one convolution or pooling layer, one for every spatial axis."""
    axes = next(axes for kind, axes in WINDOWED.items() if isinstance(module, kind))

    def spread(value):
        return tuple(value) if isinstance(value, tuple | list) else (value,) * axes

    kernel, dilation = spread(module.kernel_size), spread(getattr(module, "dilation", 1))
    padding = getattr(module, "padding", 0)
    if padding == "same":  # PyTorch puts the smaller half before the first pixel
        padding = tuple(d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True))
    padding = spread(0 if padding == "valid" else padding)
    # without a stride, a pooling layer moves by its kernel
    return tuple(map(Window, kernel, spread(module.stride or kernel), padding, dilation))


def measure(net: nn.Module, length: int, axis: int | None = None) -> torch.Tensor:
    """Find by experiment which input positions each output unit depends on.

    One position after another is set to NaN, which no weight can hide, not even a weight of 0. In a
    net with several spatial axes, each of ``length``, a position is a whole line across ``axis``;
    without ``axis``, all axes must agree. ``net`` needs a convolution or pooling layer, which tells
    the shape of its input.

    Returns:
        Booleans of shape ``(units, length)``: does the unit depend on the position?

    Raises:
        ValueError: ``net`` is in training mode, hides NaN, is not finite on finite input, or does
            not accept an input of this length; or the axes differ.
        TypeError: ``net`` is not a PyTorch module, or ``length`` is not an integer.
    """
    channels, axes = _input_shape(net)
    try:
        length = Window(length).kernel
    except (TypeError, ValueError) as error:
        wanted = f"length is a whole number of pixels, at least 1, not {length!r}."
        raise type(error)(wanted) from None
    if axis is not None and axis not in range(axes):
        raise ValueError(f"The net has spatial axes 0 to {axes - 1}, not {axis!r}.")
    for name, module in net.named_modules():
        if module.training:
            raise ValueError(
                f"{name or 'the net'} is in training mode, where units may depend on the whole "
                "batch; call net.eval()."
            )
    # float64 convolutions take the plain route; faster ones may mix neighbouring outputs
    net = copy.deepcopy(net).double()
    shape = (channels, *(length,) * axes)
    footprints = [_poison(net, shape, a) for a in (range(axes) if axis is None else [axis])]
    if any(not torch.equal(footprint, footprints[0]) for footprint in footprints):
        raise ValueError("The axes have different fields; say which you want, as in axis=0.")
    return footprints[0]


def _input_shape(net):
    """Give the number of channels and of spatial axes that the first layer of ``net`` reads."""
    if not isinstance(net, nn.Module):
        raise TypeError(f"Expected a PyTorch module, not {net!r:.80}.")
    layers = [module for module in net.modules() if isinstance(module, tuple(WINDOWED))]
    if not layers:
        raise ValueError("The net has no convolution or pooling layer to tell its input's shape.")
    channels = [layer.in_channels for layer in layers if hasattr(layer, "in_channels")]
    return next(iter(channels), 1), len(_axes(layers[0]))


@torch.no_grad()
def _poison(net, shape, axis):
    """Set one line across ``axis`` after another to NaN, and see where NaN comes out."""
    clean = torch.rand(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    try:
        output = net(clean[None])
    except RuntimeError as error:
        raise ValueError(f"The net does not accept an input of shape {shape}: {error}") from error
    if output.dim() != clean.dim() + 1:
        raise ValueError(f"The net's output has shape {tuple(output.shape)}, without spatial axes.")
    if not output.isfinite().all():
        raise ValueError("The net gives NaN or infinity on finite input; NaN would show nothing.")
    found = []
    for positions in torch.arange(shape[axis + 1]).split(max(1, BATCH_ELEMENTS // clean.numel())):
        batch = clean.repeat(len(positions), *[1] * clean.dim())
        lines = torch.arange(len(positions)), positions
        poisoned, changed = batch.clone(), batch.clone()
        poisoned.movedim(axis + 2, 1)[lines] = torch.nan
        changed.movedim(axis + 2, 1)[lines] -= 1.0
        reached = net(poisoned).isnan()
        if ((net(changed) != net(batch)) & ~reached).any():
            raise ValueError("The net turns NaN into numbers, so it cannot be measured this way.")
        found.append(reached.movedim(axis + 2, 1).flatten(2).any(dim=2))
    return torch.cat(found).T
