"""The dates of HTTP."""

import re
from datetime import date

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_SHORT = f"(?P<weekday>{'|'.join(day[:3] for day in _DAYS)})"
# The last second of a minute may be a leap second.
_TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)"
_FORMS = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        rf"{_SHORT}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT",
        rf"(?P<weekday>{'|'.join(_DAYS)}), (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT",
        rf"{_SHORT} {_MONTH} (?P<day>[0-9]{{2}}| [0-9]) {_TIME} (?P<year>[0-9]{{4}})",
    )
)


def is_http_date(text: str) -> bool:
    """Return True if ``text`` is a date of RFC 9110, section 5.6.7: an IMF-fixdate, or one of the two obsolete forms.

    The weekday must be that of the date. A year of two digits may be in any century from 1900 to 2099.
    """
    found = next((match for form in _FORMS if (match := form.fullmatch(text))), None)
    if found is None:
        return False
    year, month, day = found["year"], _MONTHS.index(found["month"]) + 1, int(found["day"])
    years = [int(year)] if len(year) == 4 else [1900 + int(year), 2000 + int(year)]
    return any(_weekday(each, month, day).startswith(found["weekday"]) for each in years)


def _weekday(year: int, month: int, day: int) -> str:
    """Return the weekday of a date, or nothing if there is no such date."""
    try:
        return _DAYS[date(year, month, day).weekday()]
    except ValueError:
        return ""
