import hashlib

import pytest
import torch
from sklearn.datasets import load_digits

from dlbook.data import digits


@pytest.fixture(scope="module")
def data():
    return digits()


def test_digits_have_the_shapes_and_types_that_are_promised(data):
    assert data.train_images.shape == (1347, 1, 8, 8)
    assert data.test_images.shape == (450, 1, 8, 8)
    assert data.train_labels.shape == (1347,)
    assert data.test_labels.shape == (450,)
    assert data.train_images.dtype == data.test_images.dtype == torch.float32
    assert data.train_labels.dtype == data.test_labels.dtype == torch.int64


def test_grey_levels_are_sixteenths_from_0_to_1(data):
    for images in (data.train_images, data.test_images):
        levels = images * 16
        assert torch.equal(levels, levels.round())
        assert (images.min(), images.max()) == (0, 1)


def as_rows(images, labels):
    """List each image with its label, as a tuple of whole numbers."""
    rows = torch.cat([images.reshape(-1, 64) * 16, labels[:, None]], dim=1)
    return sorted(map(tuple, rows.int().tolist()))


def test_the_two_parts_are_all_of_the_data_each_image_once_with_its_label(data):
    raw = load_digits()
    whole = as_rows(torch.tensor(raw.data / 16), torch.tensor(raw.target))
    parts = as_rows(*data[:2]) + as_rows(*data[2:])
    assert sorted(parts) == whole
    assert not set(as_rows(*data[:2])) & set(as_rows(*data[2:]))


def test_an_image_is_the_right_way_up(data):
    raw = load_digits()
    image = torch.tensor(raw.images[0] / 16, dtype=torch.float32)
    found = torch.cat([data.train_images, data.test_images])[:, 0]
    assert (found == image).all(dim=(1, 2)).sum() == 1


def test_the_classes_have_the_same_proportions_in_both_parts(data):
    counts = torch.bincount(torch.tensor(load_digits().target))
    train = torch.bincount(data.train_labels, minlength=10)
    assert ((train - 0.75 * counts).abs() <= 1).all()
    assert torch.equal(train + torch.bincount(data.test_labels, minlength=10), counts)


def test_the_split_is_the_one_that_the_chapters_were_written_with(data):
    def digest(tensor):
        return hashlib.sha256(tensor.numpy().tobytes()).hexdigest()[:16]

    levels, labels = (data.test_images * 16).to(torch.uint8), data.test_labels.to(torch.uint8)
    found = [digest(levels), digest(labels)]
    assert found == ["e3452c6e88f0f147", "761b0c5b17762fe1"]


def test_asking_again_gives_the_same_digits_and_leaves_the_random_state(data):
    state = torch.get_rng_state()
    assert all(torch.equal(a, b) for a, b in zip(digits(), data, strict=True))
    assert torch.equal(torch.get_rng_state(), state)
