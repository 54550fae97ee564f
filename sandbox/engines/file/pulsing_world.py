"""A world with a pulse in a file."""

from sandbox.engines.file.world import KeptSandbox
from sandbox.world.pulsing_sandbox import PulsingSandbox


class KeptPulsingSandbox(KeptSandbox, PulsingSandbox):
    """A kept sandbox in whose conversations something happens.

    What has happened until somebody looks is in the file before it is seen, with the place in the story. So after a
    restart the story goes on from there.
    """
