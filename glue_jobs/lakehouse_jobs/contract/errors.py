"""Errors in configuration, shared by synthesis and by the job.

ConfigError
"""


class ConfigError(ValueError):
    """A configuration file holds a value that cannot be used.

    The message is one line: file, key, the value received, what is allowed.

    :ivar where: the file, and the line where it is known.
    :ivar key: its full name, such as ``groups.crm.workers``.
    :ivar value: what was received.
    :ivar allowed: what is allowed, in words.
    """

    def __init__(self, *, where: str, key: str, value: object, allowed: str) -> None:
        self.where = where
        self.key = key
        self.value = value
        self.allowed = allowed
        super().__init__(f"{where}: {key}: got {value!r}; allowed: {allowed}")
