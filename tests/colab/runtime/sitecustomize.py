"""Makes every Python that finds this folder look like Colab's: its module is there from the start."""

import google.colab  # noqa: F401
