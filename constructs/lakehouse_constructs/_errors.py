"""What stops a synthesis, beside :class:`lakehouse_jobs.contract.errors.ConfigError`.

SynthesisError
├── ShippedFilesError   a file that travels with the package is not where it should be
└── WheelSetError       the wheels of a lock file could not be fetched
"""


class SynthesisError(Exception):
    """The template cannot be made. The message is one line that says what to do."""


class ShippedFilesError(SynthesisError):
    """A file that travels with this package is missing."""


class WheelSetError(SynthesisError):
    """The wheels that a lock file names could not be fetched."""
