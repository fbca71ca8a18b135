import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from dlbook.receptive_field import Field, Window, measure, predict, windows

# --- published values: field, stride and padding of Araujo, Norris and Sim (2019), as their library
# lists them in github.com/google-research/receptive_field, RECEPTIVE_FIELD_TABLE.md


def vgg16():
    """VGG-16 up to pool5."""
    layers, channels = [], 1
    for convolutions in (2, 2, 3, 3, 3):
        for _ in range(convolutions):
            layers += [nn.Conv2d(channels, 1, 3, padding=1), nn.ReLU()]
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers).eval()


# TF-slim's alexnet_v2: conv1 and the poolings without padding
ALEXNET = [
    ("conv1", Window(11, stride=4), Field(11, 4, 0)),
    ("pool1", Window(3, stride=2), Field(19, 8, 0)),
    ("conv2", Window(5, padding=2), Field(51, 8, -16)),
    ("pool2", Window(3, stride=2), Field(67, 16, -16)),  # not in the table: 51 + 2 * 8
    ("conv3", Window(3, padding=1), Field(99, 16, -32)),
    ("conv4", Window(3, padding=1), Field(131, 16, -48)),
    ("conv5", Window(3, padding=1), Field(163, 16, -64)),
    ("pool5", Window(3, stride=2), Field(195, 32, -64)),
]


def resnet(units):
    """TF-slim's resnet_v1 for even images, where pool1 pads at the end only.

    It puts the stride of a block into the 3 x 3 convolution of its last unit, the paper into the
    first 1 x 1 of the next block, which gives the same field; torchvision puts it elsewhere.
    """
    layers = [Window(7, stride=2, padding=3), Window(3, stride=2)]
    for count, block_stride in zip(units, (2, 2, 2, 1), strict=True):
        for stride in [1] * (count - 1) + [block_stride]:
            bottleneck = [Window(1), Window(3, stride, padding=1), Window(1)]
            layers.append([bottleneck, [Window(1, stride)]])
    return layers


def test_vgg_16_has_the_published_field():
    assert predict(windows(vgg16())) == Field(212, 32, -90)


@pytest.mark.parametrize("depth", range(1, len(ALEXNET) + 1), ids=[name for name, *_ in ALEXNET])
def test_alexnet_has_the_published_fields(depth):
    assert predict([window for _, window, _ in ALEXNET[:depth]]) == ALEXNET[depth - 1][2]


@pytest.mark.parametrize(
    ("units", "size", "padding"),
    [((3, 4, 6, 3), 483, 239), ((3, 4, 23, 3), 1027, 511), ((3, 8, 36, 3), 1507, 751)],
    ids=["ResNet-50", "ResNet-101", "ResNet-152"],
)
def test_residual_nets_have_the_published_fields(units, size, padding):
    assert predict(resnet(units)) == Field(size, 32, -padding)


# --- what a net does, against sets of positions passed on by hand


def reached(layers, length):
    """Give the set of inputs of each unit: the union over taps of those of the layer before."""
    sets = [{i} for i in range(length)]
    for _, kernel, stride, padding, dilation in layers:
        last = len(sets) + padding - (kernel - 1) * dilation - 1
        sets = [
            set().union(
                *(
                    sets[position]
                    for tap in range(kernel)
                    if 0 <= (position := first + tap * dilation) < len(sets)
                )
            )
            for first in range(-padding, last + 1, stride)
        ]
        if not sets:
            break  # too short for this layer, whatever the next one would add as padding
    return sets


def build(layers, zero=False):
    kinds = {
        "conv": lambda k, s, p, d: nn.Conv1d(2, 2, k, s, p, d),
        "max": lambda k, s, p, d: nn.MaxPool1d(k, s, p, d),
        "average": lambda k, s, p, d: nn.AvgPool1d(k, s, p),
    }
    modules = [kinds[kind](*numbers) for kind, *numbers in layers]
    if zero:
        for parameter in nn.ParameterList(p for m in modules for p in m.parameters()):
            nn.init.zeros_(parameter)
    return nn.Sequential(*(x for module in modules for x in (module, nn.ReLU()))).eval()


def as_sets(footprint):
    return [set(row.nonzero().flatten().tolist()) for row in footprint]


@st.composite
def layer(draw):
    kind = draw(st.sampled_from(["conv", "max", "average"]))
    kernel, stride = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    padding = draw(st.integers(0, 6 if kind == "conv" else kernel // 2))
    return kind, kernel, stride, padding, 1 if kind == "average" else draw(st.integers(1, 3))


STACKS = st.lists(layer(), min_size=1, max_size=4)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(STACKS, st.integers(1, 30), st.booleans())
def test_what_is_measured_is_what_the_taps_reach_on_random_stacks(layers, length, zero):
    sets = reached(layers, length)
    assume(sets)
    assert as_sets(measure(build(layers, zero), length)) == sets


@settings(derandomize=True, max_examples=150, deadline=None)
@given(STACKS, st.integers(20, 40))
def test_the_prediction_bounds_every_unit_and_is_exact_inside_on_random_stacks(layers, length):
    field = predict(windows(build(layers)))
    for unit, inputs in enumerate(reached(layers, length)):
        first = field.start + unit * field.jump
        last = first + field.size - 1
        assert all(first <= i <= last for i in inputs)
        if first >= 0 and last < length:
            assert (min(inputs), max(inputs)) == (first, last)


def test_a_weight_of_zero_does_not_hide_that_a_unit_reads_a_position():
    net = nn.Conv1d(1, 1, 3)
    nn.init.zeros_(net.weight)
    assert as_sets(measure(net.eval(), 4)) == [{0, 1, 2}, {1, 2, 3}]


def test_units_at_the_border_read_less():
    net = nn.Conv1d(1, 1, 5, padding=2).eval()
    assert as_sets(measure(net, 4)) == [{0, 1, 2}, {0, 1, 2, 3}, {0, 1, 2, 3}, {1, 2, 3}]


def test_a_unit_that_sees_padding_only_depends_on_nothing():
    assert as_sets(measure(nn.Conv1d(1, 1, 1, padding=1).eval(), 2)) == [set(), {0}, {1}, set()]


def test_a_long_input_is_measured_in_several_batches():
    length = 2100  # 2100 * 2100 numbers are more than one batch holds
    footprint = measure(nn.Conv1d(1, 1, 3, padding=1).eval(), length)
    i = torch.arange(length)
    assert torch.equal(footprint, (i[:, None] - i).abs() <= 1)


class Branches(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x):
        return sum(branch(x) for branch in self.branches)


def conv(kernel, stride=1, padding=0, dilation=1):
    return nn.Conv1d(1, 1, kernel, stride, padding, dilation)


@pytest.mark.parametrize(
    ("net", "layers"),
    [
        (
            Branches(nn.Sequential(conv(3, padding=1), conv(3, padding=1)), nn.Identity()),
            [[[Window(3, padding=1), Window(3, padding=1)], []]],
        ),
        (
            Branches(conv(3, 2, 1), conv(1, 2)),
            [([Window(3, 2, 1)], [Window(1, 2)])],
        ),
        (
            nn.Sequential(conv(4, 2, 1), Branches(conv(3, 1, 2, 2), conv(5, 1, 2)), conv(2)),
            [Window(4, 2, 1), [[Window(3, 1, 2, 2)], [Window(5, 1, 2)]], Window(2)],
        ),
        (
            Branches(conv(3, 4, 1), conv(4, 4)),  # from -1 to 1 and from 0 to 3
            [[[Window(3, 4, 1)], [Window(4, 4)]]],
        ),
    ],
    ids=["identity", "strides", "inside", "lopsided"],
)
def test_branches_are_predicted_as_they_are_measured(net, layers):
    length, field = 24, predict(layers)
    inside = 0
    for unit, inputs in enumerate(as_sets(measure(net.eval(), length))):
        first = field.start + unit * field.jump
        last = first + field.size - 1
        if first >= 0 and last < length:
            inside += 1
            assert (min(inputs), max(inputs)) == (first, last)
    assert inside >= 5


def test_a_real_residual_net_of_50_layers_reads_what_is_predicted():
    def module(item):
        if isinstance(item, Window):
            return conv(*item)
        return Branches(*(nn.Sequential(*map(module, branch)) for branch in item))

    layers = resnet((3, 4, 6, 3))
    footprint = measure(nn.Sequential(*map(module, layers)).eval(), 512)
    unit = 8  # starts at 8 * 32 - 239 = 17 and has room for all of 483
    assert as_sets(footprint)[unit] == set(range(17, 17 + 483))


class Side(nn.Module):
    """Two channels that read different positions."""

    def __init__(self):
        super().__init__()
        self.wide, self.narrow = conv(3, padding=1), conv(1)

    def forward(self, x):
        return torch.cat([self.wide(x), self.narrow(x)], dim=1)


def test_a_unit_reads_what_any_of_its_channels_reads():
    assert as_sets(measure(Side().eval(), 3)) == [{0, 1}, {0, 1, 2}, {1, 2}]


@pytest.mark.parametrize("axis", [0, 1])
def test_each_axis_is_measured_by_itself(axis):
    net = nn.Sequential(nn.Conv2d(3, 2, (3, 5)), nn.MaxPool2d((2, 1))).eval()
    layers = [("conv", (3, 5)[axis], 1, 0, 1), ("max", (2, 1)[axis], (2, 1)[axis], 0, 1)]
    assert as_sets(measure(net, 8, axis=axis)) == reached(layers, 8)


def test_equal_axes_need_no_choice():
    footprint = measure(nn.Conv3d(1, 2, 2).eval(), 4)
    assert as_sets(footprint) == [{0, 1}, {1, 2}, {2, 3}]


@pytest.mark.parametrize(
    "net",
    [nn.LPPool1d(2, 3, stride=2), nn.AvgPool1d(3, 2), nn.MaxPool1d(3, 2)],
    ids=["power", "average", "maximum"],
)
def test_a_pooling_alone_can_be_measured(net):
    assert as_sets(measure(net.eval(), 7)) == [{0, 1, 2}, {2, 3, 4}, {4, 5, 6}]


POINTWISE = [
    *(nn.Identity(), nn.ReLU(), nn.GELU(), nn.Tanh(), nn.Hardshrink(), nn.Softshrink(), nn.Mish()),
    *(nn.Softplus(), nn.Threshold(0.0, 0.0), nn.PReLU(), nn.RReLU(), nn.Dropout(), nn.Dropout2d()),
    *(nn.AlphaDropout(), nn.LocalResponseNorm(2), nn.Softmax2d(), nn.ChannelShuffle(2)),
    nn.BatchNorm2d(2),
]


@pytest.mark.parametrize("module", POINTWISE, ids=lambda module: type(module).__name__)
def test_a_layer_that_works_position_by_position_changes_nothing(module):
    net = nn.Sequential(nn.Conv2d(1, 2, 3), module).eval()
    assert windows(net) == [Window(3)]
    assert as_sets(measure(net, 5)) == [{0, 1, 2}, {1, 2, 3}, {2, 3, 4}]


def test_measuring_leaves_the_net_and_the_random_state_as_they_were():
    net = nn.Sequential(nn.Conv1d(1, 2, 3), nn.BatchNorm1d(2)).eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    state = torch.get_rng_state()
    measure(net, 8)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert net[0].weight.dtype == torch.float32
    assert not net[0].weight.isnan().any()


# --- reading windows from a net


SHARED = nn.Conv1d(1, 1, 3, padding=1)


@pytest.mark.parametrize(
    ("net", "axis", "expected"),
    [
        (nn.Conv1d(1, 1, 3, 2, 1, 4), None, [Window(3, 2, 1, 4)]),
        (nn.Sequential(nn.Sequential(nn.Conv1d(1, 1, 3)), nn.MaxPool1d(2)), None, [(3,), (2, 2)]),
        (nn.Sequential(SHARED, nn.ReLU(), SHARED), None, [(3, 1, 1), (3, 1, 1)]),
        (nn.Conv2d(1, 1, (3, 5), (1, 2), (0, 1), (2, 3)), 0, [(3, 1, 0, 2)]),
        (nn.Conv2d(1, 1, (3, 5), (1, 2), (0, 1), (2, 3)), 1, [(5, 2, 1, 3)]),
        (nn.Conv3d(1, 1, 3, padding=(1, 2, 3)), 2, [(3, 1, 3)]),
        (nn.Conv3d(1, 1, 2, stride=2), None, [(2, 2)]),
        (nn.Conv1d(1, 1, 5, padding="same", dilation=3), None, [(5, 1, 6, 3)]),
        (nn.Conv2d(1, 1, 4, padding="same"), None, [(4, 1, 1)]),
        (nn.Conv1d(1, 1, 4, padding="valid"), None, [(4,)]),
        (nn.MaxPool2d(3), None, [(3, 3)]),
        (nn.MaxPool2d(3, 1, 1, 2), None, [(3, 1, 1, 2)]),
        (nn.AvgPool3d(2), None, [(2, 2)]),
        (nn.AvgPool2d(3, 2, 1), None, [(3, 2, 1)]),
        (nn.LPPool2d(2, 3), None, [(3, 3)]),
        (nn.LPPool1d(2, 3, 1), None, [(3, 1)]),
        (nn.ReLU(), None, []),
        (nn.Sequential(), None, []),
    ],
)
def test_the_windows_of_a_net_are_read_in_order(net, axis, expected):
    assert windows(net.eval(), axis) == [Window(*window) for window in expected]


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")  # slow, but right
@pytest.mark.parametrize("kernel", [2, 3, 4, 5])
def test_same_padding_is_split_as_pytorch_splits_it(kernel):
    net = nn.Conv1d(1, 1, kernel, padding="same", dilation=3).eval()
    field = predict(windows(net))
    inputs = as_sets(measure(net, 40))[20]
    assert (min(inputs), max(inputs)) == (field.start + 20, field.start + 20 + field.size - 1)


class Renamed(nn.Sequential):
    pass


class Doubled(nn.Sequential):
    def forward(self, x):
        return super().forward(super().forward(x))


class Shifted(nn.Conv1d):
    def forward(self, x):
        return super().forward(x.roll(1, -1))


def test_a_sequential_of_another_name_is_read_as_well():
    assert windows(Renamed(nn.Conv1d(1, 1, 3))) == [Window(3)]


@pytest.mark.parametrize(
    "module",
    [
        *(nn.Linear(4, 4), nn.Flatten(), nn.LayerNorm(4), nn.GroupNorm(1, 2), nn.LSTM(4, 4)),
        *(nn.InstanceNorm1d(2), nn.AdaptiveAvgPool1d(1), nn.AdaptiveMaxPool2d(1)),
        *(nn.MultiheadAttention(4, 1), nn.Bilinear(2, 2, 2)),
    ],
    ids=lambda module: type(module).__name__,
)
def test_a_layer_with_a_global_field_is_named(module):
    net = nn.Sequential(nn.Conv1d(1, 2, 3), nn.Sequential(nn.ReLU(), module))
    with pytest.raises(ValueError, match=rf"1\.1 \({type(module).__name__}\) .*the whole input"):
        windows(net.eval())


@pytest.mark.parametrize("module", [nn.InstanceNorm1d(2), nn.GroupNorm(1, 2), nn.LayerNorm(6)])
def test_a_layer_that_is_called_global_is(module):
    assert measure(nn.Sequential(nn.Conv1d(1, 2, 3), module).eval(), 8).all()


@pytest.mark.parametrize(
    ("module", "advice"),
    [
        (nn.BatchNorm1d(2), r"call net.eval\(\)"),
        (nn.BatchNorm1d(2, track_running_stats=False).eval(), "keep running statistics"),
    ],
)
def test_batch_norm_over_the_batch_has_a_global_field(module, advice):
    with pytest.raises(ValueError, match=rf"1 \(BatchNorm1d\) .*whole input; {advice}"):
        windows(nn.Sequential(nn.Conv1d(1, 2, 3), module))


@pytest.mark.parametrize(
    "module",
    [
        *(nn.ConvTranspose1d(1, 1, 3), nn.Upsample(scale_factor=2), nn.ZeroPad2d(1), nn.Unfold(3)),
        *(Branches(), Doubled(nn.Conv1d(1, 1, 3)), Shifted(1, 1, 3), nn.FractionalMaxPool2d(2, 3)),
    ],
    ids=lambda module: type(module).__name__,
)
def test_a_layer_whose_field_its_type_does_not_tell_is_named(module):
    if isinstance(module, nn.FractionalMaxPool2d):
        module = nn.FractionalMaxPool2d(2, output_size=3)
    with pytest.raises(ValueError, match=rf"{type(module).__name__}\) does not say .*measure\(\)"):
        windows(module)


@pytest.mark.parametrize("net", [nn.Conv1d(1, 1, 3, padding=1, padding_mode="circular")])
def test_padding_that_brings_in_the_other_end_is_refused(net):
    assert as_sets(measure(net.eval(), 6))[0] == {5, 0, 1}  # outside of [-1, 1]
    with pytest.raises(ValueError, match="circular"):
        windows(net)


@pytest.mark.parametrize("net", [None, 3, "net", Window(3), [nn.Conv1d(1, 1, 3)], nn.Conv1d])
def test_what_is_no_module_is_refused(net):
    with pytest.raises(TypeError, match="Expected a PyTorch module"):
        windows(net)
    with pytest.raises(TypeError, match="Expected a PyTorch module"):
        measure(net, 5)


def test_axes_that_differ_need_a_choice():
    net = nn.Conv2d(1, 1, (3, 5)).eval()
    with pytest.raises(ValueError, match=r"different windows; .*axis=0"):
        windows(net)
    with pytest.raises(ValueError, match=r"different fields; .*axis=0"):
        measure(net, 8)


@pytest.mark.parametrize("axis", [2, -1, 0.5, "x"])
def test_an_axis_that_is_not_there_is_refused(axis):
    net = nn.Conv2d(1, 1, 3).eval()
    for find in (lambda: windows(net, axis), lambda: measure(net, 8, axis)):
        with pytest.raises(ValueError, match="spatial axes 0 to 1, not"):
            find()


def test_layers_must_agree_about_the_number_of_axes():
    with pytest.raises(ValueError, match=r"number of spatial axes: \[1, 2\]"):
        windows(nn.Sequential(nn.Conv1d(1, 1, 3), nn.Conv2d(1, 1, 3)))


# --- windows and predictions


def test_nothing_leaves_the_field_of_a_pixel():
    assert predict([]) == Field(1, 1, 0)
    assert predict([Window(1)]) == Field(1, 1, 0)


def test_windows_may_come_one_by_one():
    assert predict(Window(3) for _ in range(4)) == Field(9, 1, 0)


def test_numpy_integers_are_whole_numbers():
    window = Window(np.int64(3), np.uint8(2), np.int32(1), np.int16(2))
    assert window == Window(3, 2, 1, 2)
    assert all(type(value) is int for value in window)


@pytest.mark.parametrize("name", ["kernel", "stride", "padding", "dilation"])
@pytest.mark.parametrize("value", [2.0, True, "3", None, (3, 3), np.float64(3)])
def test_a_window_is_measured_in_whole_pixels(name, value):
    with pytest.raises(TypeError, match=f"{name} must be a whole number of pixels"):
        Window(**{"kernel": 3, name: value})


@pytest.mark.parametrize(
    ("name", "value", "least"),
    [(name, value, 1) for name in ("kernel", "stride", "dilation") for value in (0, -1)]
    + [("padding", -1, 0)],
)
def test_a_window_is_not_too_small(name, value, least):
    with pytest.raises(ValueError, match=f"{name} must be at least {least}, not {value}"):
        Window(**{"kernel": 3, name: value})


def test_a_single_window_is_no_list():
    for windows_ in (Window(3), [[Window(3), []]], 3, None):
        with pytest.raises(TypeError, match="Windows come as a list"):
            predict(windows_)


@pytest.mark.parametrize("junk", [3, "conv", None, [], (), nn.Conv1d(1, 1, 3)])
def test_an_item_is_a_window_or_branches(junk):
    with pytest.raises(TypeError, match="Expected a Window or a non-empty list of branches"):
        predict([Window(3), junk])


def test_branches_that_end_with_different_jumps_do_not_meet():
    with pytest.raises(ValueError, match=r"jumps of \[2, 4\] pixels; .*product of strides"):
        predict([Window(1, stride=2), [[Window(3, stride=2)], []]])


# --- what cannot be measured


def test_a_net_in_training_mode_is_not_measured():
    net = nn.Sequential(nn.Conv1d(1, 1, 3), nn.Dropout()).eval()
    net[1].train()
    with pytest.raises(ValueError, match=r"1 is in training mode.*call net.eval\(\)"):
        measure(net, 8)


def test_an_input_that_is_too_short_is_refused():
    with pytest.raises(ValueError, match=r"does not accept an input of shape \(2, 3\)"):
        measure(nn.Conv1d(2, 1, 5).eval(), 3)


class HidesNaN(nn.Module):
    def forward(self, x):
        return torch.nan_to_num(x)


@pytest.mark.parametrize("place", [0, 1])
def test_a_net_that_hides_nan_is_found_out(place):
    layers = [nn.Conv1d(1, 1, 3)]
    layers.insert(place, HidesNaN())
    with pytest.raises(ValueError, match="turns NaN into numbers"):
        measure(nn.Sequential(*layers).eval(), 8)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_a_net_that_is_not_finite_is_found_out(value):
    net = nn.Conv1d(1, 1, 3).eval()
    net.weight.data[0, 0, 1] = value
    with pytest.raises(ValueError, match="NaN or infinity on finite input"):
        measure(net, 8)


def test_a_net_without_positions_at_its_end_is_refused():
    net = nn.Sequential(nn.Conv1d(1, 2, 3), nn.Flatten()).eval()
    with pytest.raises(ValueError, match=r"output has shape \(1, 12\), without spatial axes"):
        measure(net, 8)


def test_a_net_without_windows_has_no_known_input():
    with pytest.raises(ValueError, match="no convolution or pooling layer"):
        measure(nn.ReLU().eval(), 8)


@pytest.mark.parametrize("length", [2.5, 8.0, True, "8", None])
def test_a_length_is_a_whole_number(length):
    with pytest.raises(TypeError, match="whole number of pixels"):
        measure(nn.Conv1d(1, 1, 3).eval(), length)


@pytest.mark.parametrize("length", [0, -1])
def test_a_length_is_at_least_1(length):
    with pytest.raises(ValueError, match="at least 1"):
        measure(nn.Conv1d(1, 1, 1).eval(), length)
