"""The largest body that is read."""

from sandbox.web.body_limit import BodyLimit


def test_problem_names_the_body_its_limit_and_the_flag_that_raises_it() -> None:
    problem = BodyLimit(80, "--max-state-bytes").problem("decoded body")
    assert problem.status == 413
    assert problem.message == (
        "The decoded body is larger than 80 bytes; start the server with a higher --max-state-bytes."
    )
