"""Random choices that are the same for the same seed, and values of each field type."""

import random
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from lakehouse_local.salesforce_org import words
from lakehouse_local.salesforce_org.instants import day_text, from_seconds

T = TypeVar("T")
DAY: Final = 86_400


class Draw:
    """A source of random values."""

    def __init__(self, seed: str) -> None:
        self.random: Callable[[], float] = random.Random(seed).random  # noqa: S311 - demo data

    def chance(self, share: float) -> bool:
        """True in a share of the calls."""
        return self.random() < share

    def pick(self, options: Sequence[T]) -> T:
        """One of some options."""
        return options[int(self.random() * len(options))]

    def whole(self, low: int, high: int) -> int:
        """A whole number, both ends possible."""
        return low + int(self.random() * (high - low + 1))

    def maybe(self, share: float, value: T) -> T | None:
        """The value in a share of the calls, else null."""
        return value if self.random() < share else None

    def amount(self, high: float = 250_000) -> float:
        """Money with two decimals: mostly small, now and then zero, negative or huge."""
        roll = self.random()
        if roll < 0.03:
            return 0.0
        if roll < 0.05:
            return -round(self.random() * high / 10, 2)
        if roll < 0.055:
            return round(self.random() * 9e11, 2)
        return round(self.random() ** 3 * high, 2)

    def day(self, around: int, before: int, after: int) -> str:
        """A date as text, near a number of days since 1970; now and then at an edge."""
        roll = self.random()
        if roll < 0.0003:
            return "4000-12-31"
        if roll < 0.0005:
            return "1700-01-01"
        return day_text(around + self.whole(-before, after))

    def text(self, count: int = 6) -> str:
        """A short text; one in twelve is dirty."""
        if self.random() < 0.08:
            return self.pick(words.DIRT)
        return " ".join(self.pick(words.WORDS) for _ in range(self.whole(1, count))).capitalize()

    def long_text(self, limit: int) -> str:
        """A text of some lines; one in a few thousand is as long as the field allows."""
        if self.random() < 0.0004:
            return self.longest(limit)
        return "\n".join(self.text(12) for _ in range(self.whole(1, 3)))[:limit]

    def longest(self, limit: int) -> str:
        """A text of exactly so many characters, with quotes and line ends all over."""
        return ('long, "quoted"\ntext — 長い ' * (limit // 20))[:limit]

    def phone(self) -> str:
        """A telephone number in one of the ways people write them."""
        number = self.whole(1_000_000, 9_999_999)
        return self.pick(("+49 30 {}", "(415) {}", "00{}", "+1-800-{}")).format(number)

    def value(self, field: Any, now: float) -> Any:
        """A value that fits a field's type, for fields that no object gives a story."""
        limit = field.length
        match field.type:
            case "boolean":
                return int(self.random() < 0.2)
            case "picklist" | "combobox":
                return self.pick(field.values) if field.values else self.text(1)
            case "multipicklist":
                return ";".join(value for value in field.values if self.random() < 0.4) or None
            case "currency":
                return self.amount()
            case "percent":
                return round(self.random() * 100, 1)
            case "double":
                return round((self.random() - 0.2) * 1_000, 2)
            case "int" | "long":
                return self.whole(-5, 20_000)
            case "date":
                return self.day(int(now // DAY), 700, 400)
            case "datetime":
                return from_seconds(now - self.random() * 700 * DAY)
            case "time":
                return f"{self.whole(0, 23):02}:{self.whole(0, 59):02}:00.000Z"
            case "phone":
                return self.phone()
            case "email":
                return f"person{self.whole(1, 999_999)}@example.com"
            case "url":
                return f"https://www.example.com/{self.whole(1, 99_999)}?a=1&b=2"
            case "textarea":
                return self.long_text(limit or 255)
            case _:
                return self.text()[: limit or 255]
