"""The Date header."""

from sandbox.http.date import DateHeader


def test_the_date_changes_each_second() -> None:
    now = 784111777.0
    date = DateHeader(lambda: now)
    assert date() == "Sun, 06 Nov 1994 08:49:37 GMT"
    now += 0.9
    assert date() == "Sun, 06 Nov 1994 08:49:37 GMT"
    now += 0.1
    assert date() == "Sun, 06 Nov 1994 08:49:38 GMT"
