from lakehouse_tools.display.record_history import shortened


def test_a_text_is_one_line_that_no_terminal_obeys() -> None:
    """Salesforce texts come from anybody: an escape sequence could hide what stands beside it."""
    assert shortened("Acme\x1b[2J\r\n Ltd\u202e") == "Acme[2J Ltd"
