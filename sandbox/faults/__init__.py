"""Faults and delays: one small file per kind, behind one interface. No Flask.

Rules decide when they happen (:mod:`sandbox.world.rules`); a kind knows nothing of the rule that it belongs to.
"""
