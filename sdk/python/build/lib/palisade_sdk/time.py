"""Spans of time as the contract counts them."""

from datetime import timedelta


def milliseconds(span: timedelta) -> int:
    """Whole milliseconds, and none below zero."""
    return max(0, span // timedelta(milliseconds=1))
