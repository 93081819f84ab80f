"""Salesforce record Ids: 15 case-sensitive characters and a 3-character checksum."""

from functools import lru_cache
from typing import Final

DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_POD: Final = "Hr"  # the two characters after the key prefix name the instance
_CHUNK: Final = len(DIGITS) ** 5


def record_id(prefix: str, number: int) -> str:
    """The 18-character Id of the ``number``-th record of the object with a key prefix.

    Ids ascend with their number, in the order of ASCII.
    """
    if len(prefix) != 3 or number < 0:
        raise ValueError(f"no record id from prefix {prefix!r} and number {number}")
    high, low = divmod(number, _CHUNK)
    head, middle, tail = prefix + _POD, _base62(high), _five(low)
    return head + middle + tail + checksum(head) + checksum(middle) + checksum(tail)


def full_id(text: str) -> str:
    """An Id with its checksum: 15 characters are completed, others returned as they are."""
    if len(text) != 15 or not text.isascii() or not text.isalnum():
        return text
    return text + "".join(checksum(text[i : i + 5]) for i in (0, 5, 10))


@lru_cache(maxsize=4096)
def checksum(chunk: str) -> str:
    """The checksum character of five characters: which of them are upper-case letters."""
    return _CHECKSUM[sum(1 << i for i, char in enumerate(chunk) if "A" <= char <= "Z")]


@lru_cache(maxsize=64)
def _base62(number: int) -> str:
    return _five(number)


def _five(number: int) -> str:
    chars = ""
    for _ in range(5):
        number, digit = divmod(number, 62)
        chars = DIGITS[digit] + chars
    return chars
