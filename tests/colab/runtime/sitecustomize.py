"""Has Colab's module there from the start, as Colab has."""

import google.colab  # noqa: F401
