"""What goes wrong, and how long it takes: one small file per kind, behind one contract. No Flask.

When something goes wrong is decided elsewhere (:mod:`sandbox.world.rules`); a kind knows nothing of the rule that
wraps it.
"""
