"""What the chapters of *Deep Learning, Put to the Test* need and do not teach.

Every chapter uses :func:`claim`; the other modules are imported by name, as in
``from dlbook.receptive_field import Window, predict``.
"""

from dlbook.claims import above, below, between, claim

__all__ = ["above", "below", "between", "claim"]
