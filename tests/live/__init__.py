"""The server as users meet it: a real process on a real socket."""
