import pytest

from dlbook import claim
from dlbook.exercises import rejects


def check(answer):
    assert answer(3) == 9, f"3 squared is 9, not {answer(3)}"
    assert answer(-2) == 4, "the sign\nis lost"


def double(x):
    return 2 * x


def times_size(x):
    return x * x if x > 0 else x


def square(x):
    return x * x


def test_wrong_answers_are_listed_with_the_first_line_of_what_the_check_said(capsys):
    assert rejects(check, double, times_size) is None
    assert capsys.readouterr().out == (
        "rejected: double (3 squared is 9, not 6)\nrejected: times_size (the sign)\n"
    )


def test_an_answer_without_a_name_is_listed_by_its_value(capsys):
    def bare(answer):
        raise AssertionError

    rejects(bare, 3)
    assert capsys.readouterr().out == "rejected: 3\n"


def test_a_refuted_claim_rejects_too(capsys):
    def check(answer):
        claim("it is four", measured=answer, expected=4, rival=5, tolerance=0.1)

    rejects(check, 5)
    printed = capsys.readouterr().out
    assert printed.startswith("rejected: 5 (")
    assert "it is four" in printed


@pytest.mark.parametrize("answers", [(square,), (double, square), (square, double)])
def test_a_check_that_accepts_a_wrong_answer_fails(answers):
    with pytest.raises(AssertionError, match="The check accepts square, a wrong answer"):
        rejects(check, *answers)


@pytest.mark.parametrize("error", [TypeError, ZeroDivisionError, KeyboardInterrupt])
def test_any_other_error_is_passed_on(error):
    def broken(x):
        raise error("mine")

    with pytest.raises(error, match="mine"):
        rejects(check, broken)


def test_there_must_be_a_wrong_answer():
    with pytest.raises(ValueError, match="at least one wrong answer"):
        rejects(check)
