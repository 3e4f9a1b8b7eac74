"""Time as the host gives it; a replayed playbook sees the time of its first run."""

from .contract import clock


def now_ms() -> int:
    """Milliseconds since 1970-01-01T00:00:00Z."""
    return clock.now()
