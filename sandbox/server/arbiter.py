"""The process that starts the worker, restarts it if it dies, and passes signals on."""

from gunicorn.arbiter import Arbiter


class SingleWorkerArbiter(Arbiter):  # type: ignore[misc]  # gunicorn is not typed
    """An arbiter that never replaces or multiplies the worker, which holds all state in its memory."""

    def handle_hup(self) -> None:
        """End the server, as a terminal that closes expects, where gunicorn would replace the worker."""
        self.handle_term()

    def handle_ttin(self) -> None:
        """Ignore the request for one worker more, which would hold conversations of its own."""

    def handle_ttou(self) -> None:
        """Ignore the request for one worker less."""

    def handle_usr2(self) -> None:
        """Ignore the request for a second server beside this one."""
