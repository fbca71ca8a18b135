import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from dlbook.train import fit

X = torch.linspace(-1, 1, 10, dtype=torch.float64).outer(torch.tensor([1.0, -0.5, 2.0]).double())
X = X + torch.eye(10, 3, dtype=torch.float64)
Y = (X**2).sum(1, keepdim=True)


def line(bias=0.25):
    net = nn.Linear(3, 1, dtype=torch.float64)
    nn.init.constant_(net.weight, 0.5)
    nn.init.constant_(net.bias, bias)
    return net


def trained(net, *, rate=0.1, **options):
    options = {"loss": nn.functional.mse_loss, "epochs": 3, "batch_size": 4, "seed": 0, **options}
    return fit(net, X, Y, optimizer=torch.optim.SGD(net.parameters(), rate), **options)


def test_a_full_batch_is_a_step_along_the_gradient_in_closed_form():
    net = line()
    weight, bias = net.weight.detach().clone(), net.bias.detach().clone()
    losses = trained(net, epochs=2, batch_size=10)
    for step in range(2):
        residual = X @ weight.T + bias - Y
        assert losses[step].item() == pytest.approx((residual**2).mean().item(), rel=1e-12)
        weight = weight - 0.1 * 2 * (residual.T @ X) / len(X)
        bias = bias - 0.1 * 2 * residual.mean()
    torch.testing.assert_close(net.weight.detach(), weight, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(net.bias.detach(), bias, rtol=1e-12, atol=1e-12)


def batches(seed):
    """Give the examples of each batch of three epochs, which are told by their targets."""
    seen = []

    def loss(outputs, targets):
        seen.append(targets.tolist())
        return outputs.mean()

    net = line()
    options = {"loss": loss, "optimizer": torch.optim.SGD(net.parameters(), 0.1), "seed": seed}
    fit(net, X, torch.arange(10), epochs=3, batch_size=4, **options)
    return seen


def test_each_example_is_seen_once_an_epoch():
    seen = batches(seed=0)
    assert [len(batch) for batch in seen] == [4, 4, 2] * 3
    for epoch in range(3):
        examples = [i for batch in seen[3 * epoch : 3 * epoch + 3] for i in batch]
        assert sorted(examples) == list(range(10))


def test_the_order_is_new_in_each_epoch_and_for_each_seed():
    seen = batches(seed=0)
    assert seen[:3] != seen[3:6] != seen[6:] != seen[:3]
    assert seen != batches(seed=1)


def test_an_input_stays_with_its_target():
    pairs = []

    def loss(outputs, targets):
        pairs.extend(zip(outputs.flatten().tolist(), targets.tolist(), strict=True))
        return outputs.mean()

    net = nn.Sequential(nn.Identity(), nn.Linear(1, 1))
    nn.init.ones_(net[1].weight)
    nn.init.zeros_(net[1].bias)
    numbers = torch.arange(10.0)
    options = {"loss": loss, "optimizer": torch.optim.SGD(net.parameters(), 0.0), "seed": 0}
    fit(net, numbers[:, None], numbers, epochs=1, batch_size=3, **options)
    assert len(pairs) == 10
    assert all(output == target for output, target in pairs)


def noisy():
    return nn.Sequential(nn.Dropout(0.5), line())


def test_the_same_seed_gives_the_same_result_to_the_bit():
    one, two = noisy(), noisy()
    assert torch.equal(trained(one, seed=3), trained(two, seed=3))
    assert torch.equal(one[1].weight, two[1].weight)


def test_another_seed_gives_another_result():
    assert not torch.equal(trained(noisy(), seed=3), trained(noisy(), seed=4))


def test_the_result_does_not_depend_on_the_random_state_before():
    torch.manual_seed(1)
    one = trained(noisy())
    torch.manual_seed(2)
    assert torch.equal(one, trained(noisy()))


def test_the_random_state_is_left_as_it_was():
    net, state = noisy(), torch.get_rng_state()
    trained(net)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_random_state_is_left_as_it_was_when_training_fails():
    net, state = noisy(), torch.get_rng_state()
    with pytest.raises(ValueError, match="The loss is nan"):
        trained(net, loss=lambda outputs, targets: outputs.mean() * torch.nan)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_net_trains_in_training_mode_and_is_left_in_evaluation_mode():
    modes = []
    net = nn.Sequential(nn.Dropout(0.5), line()).eval()
    net[0].register_forward_hook(lambda module, *_: modes.append(module.training))
    trained(net, epochs=1)
    assert modes == [True] * 3
    assert not any(module.training for module in net.modules())


def test_there_is_one_loss_for_each_step_without_its_graph():
    losses = trained(line(), epochs=5, batch_size=3)
    assert losses.shape == (5 * 4,)
    assert not losses.requires_grad


def test_training_lowers_the_loss():
    losses = trained(line(), epochs=50, batch_size=10)
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_loss_that_is_not_finite_is_reported_with_its_step(bad):
    steps = []

    def loss(outputs, targets):
        steps.append(0)
        return outputs.mean() * (bad if len(steps) == 6 else 1)  # the sixth step is number 5

    net = line(bias=1.0)
    with pytest.raises(ValueError, match=rf"The loss is -?{bad} at step 5; .*learning rate"):
        trained(net, loss=loss)
    assert net.weight.isfinite().all()


def test_a_loss_that_explodes_is_reported():
    with pytest.raises(ValueError, match=r"The loss is (inf|nan) at step \d+"):
        trained(line(), rate=1e30, epochs=100)


def test_a_loss_that_is_not_a_mean_is_refused():
    with pytest.raises(ValueError, match=r"loss .*shape \(4, 1\)"):
        trained(line(), loss=lambda outputs, targets: (outputs - targets) ** 2)


@pytest.mark.parametrize("name", ["epochs", "batch_size"])
@pytest.mark.parametrize("value", [0, -1, 2.5, "3", None])
def test_counts_are_whole_numbers_from_1_on(name, value):
    with pytest.raises(ValueError, match=f"{name} is a whole number, at least 1, not {value!r}"):
        trained(line(), **{name: value})


def test_each_input_needs_a_target():
    net = line()
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    for count, others in ((10, 9), (0, 0)):
        with pytest.raises(ValueError, match=f"{count} inputs came with {others} targets"):
            fit(
                *(net, X[:count], Y[:others]),
                **{"loss": nn.functional.mse_loss, "optimizer": optimizer},
                **{"epochs": 1, "batch_size": 2, "seed": 0},
            )


SCRIPT = """
import torch
from dlbook.train import fit
net = torch.nn.Linear(1, 1)
fit(net, torch.ones(4, 1), torch.ones(4, 1), loss=torch.nn.functional.mse_loss,
    optimizer=torch.optim.SGD(net.parameters(), 0.1), epochs=2, batch_size=2, seed=0)
"""


def test_a_progress_bar_is_shown_unless_it_is_turned_off():
    environment = {name: value for name, value in os.environ.items() if name != "TQDM_DISABLE"}
    shown, hidden = (
        subprocess.Popen([sys.executable, "-c", SCRIPT], env=env, stderr=subprocess.PIPE, text=True)
        for env in (environment, {**environment, "TQDM_DISABLE": "1"})
    )
    texts = [process.communicate(timeout=60)[1] for process in (shown, hidden)]
    assert shown.returncode == hidden.returncode == 0
    assert "training" in texts[0]
    assert "/2" in texts[0]  # epochs
    assert texts[1] == ""
