"""The domain: plain Python objects that do not know a web framework.

A :class:`~sandbox.world.sandbox.Sandbox` is the isolated world of one bearer token. Nothing in this
package imports Flask, marshmallow or Faker; time, randomness and the JSON encoding are passed in.
"""
