"""Tests of the documentation page, the README and the changelog."""
