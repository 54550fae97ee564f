"""Text in HTTP: UTF-8, which WSGI passes on as if it were Latin-1.

A native string of WSGI has one character for each byte. Here it becomes the text that its sender meant, and a header
value becomes a native string again.
"""


def text_of(value: str) -> str:
    r"""Return the text of a native string. Bytes that are not UTF-8 are shown as ``\xff``."""
    # Most values are ASCII, which is the same in both.
    return value if value.isascii() else value.encode("latin-1").decode(errors="backslashreplace")


def is_utf8(value: str) -> bool:
    """Return True if the bytes of a native string are UTF-8."""
    try:
        value.isascii() or value.encode("latin-1").decode()
    except UnicodeDecodeError:
        return False
    return True


def header_value(text: str) -> str:
    """Return ``text`` as the native string of a header value. What is not printable is replaced by ``?``."""
    if text.isascii() and text.isprintable():
        return text
    shown = "".join(character if character.isprintable() else "?" for character in text)
    return shown.encode().decode("latin-1")
