"""Whoever is shown single answers stands in the log: once a day for each place."""

from collections.abc import Iterable

from sync import access
from sync.centre import centre
from sync.office import reading
from sync.office.places import Location


def read(shown: Iterable[Location]) -> None:
    """Single answers of these places were shown to whoever asks."""
    here, user = centre(), access.viewer()
    spots = {each.id: each for each in shown}
    with here.db.reading() as tx:
        news = [spot for spot in spots.values() if not reading.is_noted(tx, user.id, spot.id, here.now_ms())]
    if news:
        with here.db.writing() as tx:
            for spot in news:
                reading.note_once(tx, access.actor(), spot, here.now_ms())
