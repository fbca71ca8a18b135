"""The training loop of every chapter but the one that teaches it."""

import numbers
from collections.abc import Callable

import torch
from torch import nn
from tqdm import tqdm


def fit(
    net: nn.Module,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    *,
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    optimizer: torch.optim.Optimizer,
    epochs: int,
    batch_size: int,
    seed: int,
) -> torch.Tensor:
    """Train ``net`` in place by mini-batches, each example once an epoch in shuffled order.

    The same net, data and ``seed`` give the same result; the caller's random state is left as it
    was. A progress bar is shown unless the environment variable ``TQDM_DISABLE`` is 1.

    Args:
        net: The net; it is left in evaluation mode.
        inputs: ``(n, ...)``.
        targets: ``(n, ...)``, one for each input.
        loss: Takes the net's output and the targets of a batch, gives their mean loss.
        optimizer: Holds the parameters of ``net``.
        epochs: Passes over the data, at least 1.
        batch_size: Examples a step, at least 1; the last batch of an epoch may be smaller.
        seed: Decides the order of the examples and the net's own randomness, such as dropout.

    Returns:
        The loss of each step before the step was taken, ``(epochs * ceil(n / batch_size),)``.

    Raises:
        ValueError: The data are empty or differ in length, a count is below 1, or the loss is not
            one finite number; the message names the step.
    """
    if len(inputs) != len(targets) or len(inputs) == 0:
        raise ValueError(
            f"Each input needs a target: {len(inputs)} inputs came with {len(targets)} targets."
        )
    for name, count in (("epochs", epochs), ("batch_size", batch_size)):
        if not isinstance(count, numbers.Integral) or count < 1:
            raise ValueError(f"{name} is a whole number, at least 1, not {count!r}.")
    losses = []
    net.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for _ in tqdm(range(epochs), desc="training", unit="epoch", leave=False):
            for batch in torch.randperm(len(inputs)).split(batch_size):
                value = loss(net(inputs[batch]), targets[batch])
                if value.shape != ():
                    raise ValueError(
                        f"loss must give the mean over a batch, one number, but it gave shape "
                        f"{tuple(value.shape)}."
                    )
                if not value.isfinite():
                    raise ValueError(
                        f"The loss is {value.item()} at step {len(losses)}; "
                        "try a smaller learning rate, and look for a NaN in the data."
                    )
                optimizer.zero_grad()
                value.backward()
                optimizer.step()
                losses.append(value.detach())
    net.eval()
    return torch.stack(losses)
