"""Every error that the program expects.

    HelpdeskKpiError
    ├── UsageError            what the user typed or wrote: exit status 2
    │   └── ConfigError       names file, key, value and what is allowed
    ├── StoreError            the SQLite file is not usable
    │   └── BusyError         another process syncs or measures it: later it may work
    ├── WriteError            a file cannot be written
    ├── PullError             a helpdesk did not give what was asked
    │   ├── AccessError       credentials refused: the whole source stops
    │   ├── UnavailableError  this plan or these rights do not include a stream: it is skipped
    │   ├── MissingError      one thing is not there (any more): it is skipped
    │   ├── BrokenError       one answer cannot be read: what it is about is set aside
    │   └── UnreachedError    the helpdesk does not answer at all: the whole source stops
    └── DeliveryError         a channel did not take a message

An error outside this tree is a bug, and is raised. Where several things are done in turn (jobs, teams, recipients) it
stops its own part only, is said on one line and traced with `--verbose`, and the exit status is 3.
"""


class HelpdeskKpiError(Exception):
    """Base of every expected error; its text is made for the person who runs the program."""


class UsageError(HelpdeskKpiError):
    """The command line or a file that a person wrote asks for something that is not there."""


class ConfigError(UsageError):
    """The configuration is wrong; the text names file, key, value and what is allowed."""


class StoreError(HelpdeskKpiError):
    """The store cannot be opened, is someone else's file, or is of a newer version."""


class BusyError(StoreError):
    """Another process holds what this one needs. `permanent` is what a scheduler asks: it is worth a retry."""

    permanent = False


class WriteError(HelpdeskKpiError):
    """A file cannot be written: no permission, no such folder, a full disk."""

    def __init__(self, path: object, error: OSError) -> None:
        super().__init__(f"{path} cannot be written: {error.strerror or error}")


class PullError(HelpdeskKpiError):
    """A helpdesk did not give what was asked. `permanent` alone decides about a retry."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


class AccessError(PullError):
    """The credentials are refused (401): nothing more is asked of this source."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class UnavailableError(PullError):
    """The plan or the rights do not include this (403, or 404 on a whole resource): the stream is skipped."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class MissingError(PullError):
    """One thing is not there (404 on a child): it is skipped, the stream goes on."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class BrokenError(PullError):
    """An answer came, and cannot be read. What was asked one by one is set aside by its id, and the stream goes on."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class UnreachedError(PullError):
    """Nothing answers at the source's address (any more): nothing more is asked of this source in this run."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class DeliveryError(HelpdeskKpiError):
    """A channel did not take a message.

    `permanent`: sending it again cannot help. `ambiguous`: it may have arrived, so it is never sent again by itself.
    `retry_after` is what the service asked for, in seconds.
    """

    def __init__(
        self, message: str, *, permanent: bool, ambiguous: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.retry_after = retry_after
