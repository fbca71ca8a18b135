import hashlib

import pytest
import torch
from sklearn.datasets import load_digits

from dlbook.data import digits, prose


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


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Give a function that puts a package of some files, name to docstring, on the path."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name, files):
        for file, source in {"__init__": "", **files}.items():
            path = tmp_path / name / f"{file}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source, encoding="utf-8")

    return write


PLAIN = "A paragraph of plain English, which is long enough to be kept, ends with a full stop."


def test_prose_is_the_plain_paragraphs_in_the_order_of_modules_and_lines(package):
    first, second = PLAIN.replace("A", "First"), PLAIN.replace("A", "Second")
    apple = f"def f():\n    def g():\n        '''{first}'''\n\ndef h():\n    '''{second}'''"
    package("ordered", {"zebra": f"'''{PLAIN}'''", "apple": apple})
    assert prose("ordered") == [
        ("ordered.apple", first),
        ("ordered.apple", second),
        ("ordered.zebra", PLAIN),
    ]


def test_lines_are_joined_and_headings_left_out(package):
    broken = PLAIN.replace(", ", ",\n")
    package("wrapped", {"module": f"'''Short.\n\nNotes\n-----\n{broken}\n'''"})
    assert [text for _, text in prose("wrapped")] == [PLAIN]


@pytest.mark.parametrize(
    "block",
    [
        "    " + PLAIN,
        PLAIN.replace("full stop", "full_stop"),
        PLAIN.replace("which is", "which\n    is"),
        PLAIN.replace("plain", "na\u00efve"),
        PLAIN[:-1],
        PLAIN[1:],
        "Too short to be kept.",
        ">>> " + PLAIN,
    ],
)
def test_what_is_not_plain_english_is_left_out(package, block):
    package("mixed", {"module": f"'''{PLAIN}\n\n{block}\n\nEnd.'''"})
    assert [text for _, text in prose("mixed")] == [PLAIN]


def test_a_repeated_paragraph_comes_again_and_tests_are_left_out(package):
    package("repeats", dict.fromkeys(("one", "two", "tests/three"), f"'''{PLAIN}'''"))
    assert [module for module, _ in prose("repeats")] == ["repeats.one", "repeats.two"]


def test_prose_is_read_from_the_source_which_does_not_run(package):
    package("explosive", {"module": f"'''{PLAIN}'''\nraise RuntimeError"})
    assert prose("explosive") == [("explosive.module", PLAIN)]


def test_several_libraries_come_in_the_order_that_was_asked_for(package):
    package("zebras", {"module": f"'''{PLAIN}'''"})
    package("apples", {"module": f"'''{PLAIN}'''"})
    modules = [module for module, _ in prose("zebras", "apples")]
    assert modules == ["zebras.module", "apples.module"]


def test_the_libraries_that_the_chapters_read_have_enough_to_learn_from():
    paragraphs = prose("networkx", "sklearn")
    distinct = {text for _, text in paragraphs}
    assert sum(map(len, distinct)) > 150_000
    assert len(distinct) < len(paragraphs)


def test_a_library_that_is_not_there_or_has_no_prose_is_told(package):
    package("silent", {"module": "x = 1"})
    with pytest.raises(ValueError, match="no_such_library is not installed here"):
        prose("no_such_library")
    with pytest.raises(ValueError, match="silent has no paragraph of plain English"):
        prose("silent")
