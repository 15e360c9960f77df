"""Tests find the package beside them."""
