"""Characters that cannot be seen, or would steer a terminal, as something that can be drawn."""

from __future__ import annotations


def picture(char: str) -> str:
    """The sign that Unicode has for a control character (␛), else the character's code: <U+202E>."""
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"<U+{code:04X}>"
