"""The domain, module by module, against models so plain that they are easy to believe."""
