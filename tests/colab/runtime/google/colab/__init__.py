"""Stands in for the module by which a notebook tells that it runs in Google Colab."""
