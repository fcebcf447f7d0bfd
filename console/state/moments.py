"""Reading which moment a person means."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from console.state.session import Session

HELP = "12:04:31 · 2026-11-25 12:04 · -30s · +5m · 50% · #1234"

_UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_AWAY = re.compile(r"([+-])\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?")
_CLOCK = re.compile(r"(?:(\d{4}-\d\d-\d\d)[ T])?(\d{1,2}):(\d\d)(?::(\d\d(?:\.\d+)?))?")


class MomentError(ValueError):
    """A text that names no moment; its text says what would."""


def find(text: str, session: Session) -> int:
    """The moment that a text names: a time, a time from here, a share of all, or a number of records."""
    text = text.strip()
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text):
        return session.first + round((session.end - session.first) * min(100.0, float(match[1])) / 100)
    if match := re.fullmatch(r"#?\s*(\d+)", text):
        return min(int(match[1]), session.end)
    if match := _AWAY.fullmatch(text):
        away = float(match[2]) * _UNITS[match[3] or "s"] * (1 if match[1] == "+" else -1)
        return session.moment_of(session.state.time + int(away * 1e9))
    if match := _CLOCK.fullmatch(text):
        try:
            return session.moment_of(_time(match, session))
        except ValueError:
            pass
    raise MomentError(f"no moment; say {HELP}")


def _time(match: re.Match[str], session: Session) -> int:
    """Wall time in nanoseconds of a clock's time: of the day named, or the last such time that there was."""
    day, hour, minute, second = match.groups()
    last = datetime.fromtimestamp(session.live.time / 1e9).astimezone()
    date = datetime.fromisoformat(day).date() if day else last.date()
    whole = float(second or 0)
    moment = datetime(date.year, date.month, date.day, int(hour), int(minute), int(whole)).astimezone()
    moment += timedelta(seconds=whole % 1)
    if not day and moment > last:
        moment -= timedelta(days=1)
    return int(moment.timestamp() * 1e9)
