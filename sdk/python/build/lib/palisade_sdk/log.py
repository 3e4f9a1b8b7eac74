"""Lines for the run's log. The host scrubs secrets from them and bounds their number and length."""

from .contract import log
from .contract.log import Level

__all__ = ["Level", "debug", "error", "info", "warn"]


def debug(message: str) -> None:
    """Of use only to the plugin's author."""
    log.write(Level.DEBUG, message)


def info(message: str) -> None:
    """Worth reading afterwards."""
    log.write(Level.INFO, message)


def warn(message: str) -> None:
    """Unexpected, and handled."""
    log.write(Level.WARN, message)


def error(message: str) -> None:
    """Unexpected, and not handled."""
    log.write(Level.ERROR, message)
