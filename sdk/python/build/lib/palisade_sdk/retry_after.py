"""The `Retry-After` header field (RFC 9110 section 10.2.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime


def retry_after(field: str, now_ms: Callable[[], int]) -> timedelta | None:
    """How long to wait: the field is either a number of seconds or a date, which is held against the time."""
    field = field.strip()
    try:
        if field.isascii() and field.isdigit():
            return timedelta(seconds=int(field))
        date = parsedate_to_datetime(field)
        now = datetime.fromtimestamp(now_ms() / 1000, timezone.utc)
        return max(timedelta(0), date - now)
    except (ValueError, TypeError, OverflowError):
        return None
