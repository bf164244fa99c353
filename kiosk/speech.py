"""One language of the terminal's own words, for staff: its messages, and how it writes numbers and times."""

from datetime import datetime

from sync.i18n import SOURCE, direction, plural, words

NARROW = "\u202f"
"""A space that keeps a number together."""
ALONE = ("\u2066", "\u2069")
"""Around what reads from left to right whatever stands beside it."""


class Speech:
    """`_` and `ngettext` turn messages (sync.i18n); what they leave to fill comes from the rest."""

    def __init__(self, lang: str = SOURCE) -> None:
        self.lang = lang
        self._ = words(lang)
        self.ngettext = plural(lang)

    def number(self, n: int) -> str:
        return f"{n:,}" if self.lang == SOURCE else f"{n:,}".replace(",", NARROW)

    def amount(self, size: int) -> str:
        """Bytes, as much of them as somebody wants to read."""
        if size < 10**9:
            return f"{size // 10**6} MB"
        large = f"{size / 10**9:.1f} GB"
        large = large if self.lang == SOURCE else large.replace(".", ",")
        return f"{ALONE[0]}{large}{ALONE[1]}" if direction(self.lang) == "rtl" else large

    def time(self, seconds: float, now: datetime) -> str:
        """The time of day where `now` is, with the date unless it is today's."""
        then = datetime.fromtimestamp(seconds, now.tzinfo)
        if then.date() == now.date():
            return f"{then:%H:%M}"
        date = f"{then.day} {then:%B}" if self.lang == SOURCE else f"{then:%Y-%m-%d}"
        return self._("{time} on {date}").format(time=f"{then:%H:%M}", date=date)
