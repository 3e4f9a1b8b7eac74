"""Randomness as the host gives it; a replayed playbook sees the bytes of its first run."""

from .contract import random


def random_bytes(count: int) -> bytes:
    """So many random bytes, at most 4096."""
    return random.bytes(count)
