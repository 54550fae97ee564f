"""Tests of the server as a process that listens on a socket."""
