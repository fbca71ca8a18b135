"""Data that ship with the installed libraries; nothing is downloaded."""

from typing import NamedTuple

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class Digits(NamedTuple):
    """Handwritten digits: images ``(n, 1, 8, 8)`` in [0, 1], float32; labels ``(n,)``, 0 to 9."""

    train_images: torch.Tensor
    train_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor


def digits() -> Digits:
    """Give the digits of scikit-learn in one fixed split: 1,347 to train on and 450 to test.

    The classes have the same proportions in both. The data are the test half of Alpaydin and
    Kaynak's (1998) optical recognition set, doi:10.24432/C50P49; a writer may be in both parts.
    """
    images, labels = load_digits(return_X_y=True)
    images = torch.tensor(images / 16, dtype=torch.float32).reshape(-1, 1, 8, 8)
    labels = torch.tensor(labels)
    train, test = train_test_split(
        torch.arange(len(labels)), test_size=0.25, stratify=labels, random_state=0
    )
    return Digits(images[train], labels[train], images[test], labels[test])
