"""How an expression stands in a state machine's definition."""


def query(expression: str) -> str:
    """An expression, on one line, between the delimiters that make a string JSONata.

    No literal in our expressions holds a line break: JSON writes it as an escape.
    """
    line = " ".join(part.strip() for part in expression.splitlines())
    return f"{{% {line} %}}"
