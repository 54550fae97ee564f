"""Tests of the domain, module by module, against models that are simple enough to be checked by reading."""
