"""Exercises whose check is shown, and is shown to reject what it should reject."""

from collections.abc import Callable
from typing import Any


def rejects(check: Callable[[Any], None], *wrong: Any) -> None:
    """Show that ``check`` turns down each tempting wrong answer, and by which message.

    A check rejects by an ``AssertionError``; any other error is an error of the wrong answer or of
    the check itself, and is passed on.

    Raises:
        AssertionError: ``check`` accepts a wrong answer.
        ValueError: There is no wrong answer to try.
    """
    if not wrong:
        raise ValueError("rejects() needs at least one wrong answer to try the check on.")
    for answer in wrong:
        name = getattr(answer, "__name__", repr(answer))
        try:
            check(answer)
        except AssertionError as error:
            reason = str(error).strip().partition("\n")[0]
            print(f"rejected: {name}" + (f" ({reason})" if reason else ""))
        else:
            raise AssertionError(f"The check accepts {name}, a wrong answer.")
