"""What the customers of a simulated terminal did, visit by visit. Pure: the same story gives the same entries.

The whole past of a terminal follows from the story's seed, so a send that was cut off goes on where it stopped, and
what is sent twice is the same to the byte."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from sync import survey, wire
from sync.demo.remarks import HAPPY, UNHAPPY, WORSE, Remark
from sync.demo.world import Box, Place

Entry = dict[str, Any]
Answers = dict[str, int | list[str] | str]

SECOND, MINUTE = 1_000, 60_000
APART_MS = 12 * SECOND
"""The next customer needs at least this long to step up and choose."""
BETWEEN_MS = 4 * SECOND
"""From the last touch of one customer to the first of the next, at least."""
SETTLED_MS = 20 * SECOND
"""A visit younger than this may still be going on."""
OTHER = ("staff", "choice", "price", "clean", "other")


@dataclass(frozen=True)
class Story:
    """`first`: the first day that is told, in each place's own calendar; `turned`: the day on which one of them
    got worse."""

    seed: str
    first: date
    turned: date


@dataclass(frozen=True)
class Slot:
    """Where a terminal's entries belong, as it was told at enrolment, and its own stream."""

    screen: str
    placement: str
    stream: str


def begun(seed: str, today: date, days: int) -> Story:
    """The story of the last `days` days, today included."""
    since_tuesday = (today.weekday() - 1) % 7 or 7
    return Story(seed, today - timedelta(days=days - 1), today - timedelta(days=since_tuesday))


def history(box: Box, slot: Slot, story: Story, until_ms: int, skip: int = 0) -> Iterator[Entry]:
    """The sealed entries of a terminal up to `until_ms`, oldest first, without the first `skip`."""
    for seq, visit in enumerate(visits(box, story, until_ms), start=1):
        if seq > skip:
            yield sealed(visit, slot, seq)


def sealed(visit: Entry, slot: Slot, seq: int) -> Entry:
    """The visit with its place in the stream; it is as a terminal would send it."""
    salt = visit["id"].replace("-", "")[-16:]
    where = {"screen": slot.screen, "placement": slot.placement, "stream": slot.stream, "seq": seq}
    return wire.seal({**visit, **where}, salt)


def visits(box: Box, story: Story, until_ms: int) -> Iterator[Entry]:
    """Every visit that was over by `until_ms`, in order, not yet sealed."""
    return takewhile(lambda visit: over_ms(visit) <= until_ms, endless(box, story))


def over_ms(visit: Entry) -> int:
    """When a visit is certainly over and can be sent, in milliseconds since 1970."""
    return int(visit["stamp"]["wall_ms"]) + int(visit["total_ms"]) + SETTLED_MS


def endless(box: Box, story: Story) -> Iterator[Entry]:
    """The visits of every day from the first on, those to come as well."""
    desk, day = Desk(box, story), story.first
    while True:
        yield from desk.day(day)
        day += timedelta(days=1)


def _moment(day: date, minute: float, place: Place) -> int:
    """Milliseconds since 1970 at `minute` of the local day; 1440 is the next midnight."""
    later, minute = divmod(minute, 1440)
    at = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(place.zone)) + timedelta(days=later, minutes=minute)
    return int(at.timestamp() * 1000)


def opening(place: Place, day: date) -> list[tuple[int, int]]:
    """When the place is open on that day, as (from, to) in milliseconds since 1970."""
    spans = [(0, 1440)] if place.hours is None else place.hours[day.weekday()]
    return [(_moment(day, start, place), _moment(day, end, place)) for start, end in spans]


class Desk:
    """One terminal's customers, day after day: it remembers which remarks were already made."""

    def __init__(self, box: Box, story: Story) -> None:
        self._box, self._story = box, story
        self._decks: dict[tuple[str, str], list[Remark]] = {}

    def day(self, day: date) -> list[Entry]:
        """All visits of one local day, in order."""
        rng = random.Random(f"{self._story.seed}/{self._box.key}/{day}")  # noqa: S311 - a play, not a secret
        crowd = Crowd(self._box.place, rng, turned=self._box.place.turned and day >= self._story.turned)
        boot = str(_uuid(rng, 4, rng.getrandbits(48)))
        told: list[Entry] = []
        free = before = 0  # when the screen is free again, and when it was tapped last
        for start, end in opening(self._box.place, day):
            switched_on = start - 15 * MINUTE
            for at in arrivals(self._box.place, day, (start, end), rng):
                for tap in self._party(rng, crowd, max(at, free)):
                    wall = tap["at"]
                    if wall + tap["total_ms"] >= end:
                        break
                    stamp = {"boot": boot, "boottime_ms": wall - switched_on, "wall_ms": wall, "synced": True}
                    told.append(_entry(tap, stamp, wall - before if before else None, rng))
                    before, free = wall, max(wall + APART_MS, wall + tap["total_ms"] + BETWEEN_MS)
        return told

    def _party(self, rng: random.Random, crowd: "Crowd", at: int) -> list[dict[str, Any]]:
        """Who comes next: nearly always one customer, now and then a child that drums on the screen."""
        if rng.random() < 0.003:
            return _drumming(rng, crowd, at)
        customer = self._customer(rng, crowd, at)
        if rng.random() < 0.004:
            return [customer, _ghost(rng, crowd, at + int(customer["total_ms"]) + rng.randrange(300, 1200))]
        return [customer]

    def _customer(self, rng: random.Random, crowd: "Crowd", at: int) -> dict[str, Any]:
        value, lang = crowd.value(), crowd.lang()
        first = int(rng.lognormvariate(8.0, 0.5))
        tap = _tap(at, value, lang, rng, first)
        happy = value >= 2
        remark = self._remark(lang, happy, crowd) if rng.random() < (0.022 if happy else 0.07) else None
        reasons = crowd.reasons(value) if rng.random() < (0.3 if happy else 0.6) else []
        if remark:
            reasons = list(dict.fromkeys([remark.reason, *reasons[:1]]))
        if reasons:
            tap["answers"][_after(value).id] = reasons
            tap["rev"] += len(reasons)
            tap["total_ms"] += sum(rng.randrange(900, 3500) for _ in reasons)
        if remark:
            tap["answers"]["comment"] = remark.text
            tap["rev"] += 1
            tap["total_ms"] += min(4 * MINUTE, len(remark.text) * rng.randrange(160, 420))
        touched = bool(reasons or remark)
        tap["ended"] = rng.choices(("done", "idle", "left"), (8, 2, 1) if touched else (2, 7, 1))[0]
        return tap

    def _remark(self, lang: str, happy: bool, crowd: "Crowd") -> Remark:
        """The next remark of this mood that nobody made here yet; after the last one they come round again."""
        mood = "happy" if happy else "worse" if crowd.turned else "unhappy"
        deck = self._decks.get((lang, mood)) or self._shuffled(lang, mood)
        self._decks[lang, mood] = deck
        return deck.pop()

    def _shuffled(self, lang: str, mood: str) -> list[Remark]:
        deck = list((HAPPY if mood == "happy" else UNHAPPY)[lang])
        random.Random(f"{self._story.seed}/{self._box.place.key}/{lang}/{mood}").shuffle(deck)  # noqa: S311
        if mood == "worse":
            waiting = [*(remark for remark in deck if remark.reason == "waiting"), *WORSE.get(lang, ())]
            deck = [remark for remark in deck if remark.reason != "waiting"] + waiting
        # The terminals of one place begin with different remarks, so that they don't say the same.
        many, mine = len(self._box.place.screens), self._box.number - 1
        return [remark for n, remark in enumerate(deck) if n % many != mine] + deck[mine::many]


class Crowd:
    """The customers of one place on one day: their mood, their languages, their reasons."""

    def __init__(self, place: Place, rng: random.Random, *, turned: bool) -> None:
        self._rng, self.turned = rng, turned
        grumble = math.exp(rng.gauss(0, 0.04)) * (5.0 if turned else 1.0)
        worst, bad, good, best = place.mood
        self._mood = (worst * grumble, bad * grumble, good, best)
        self._languages, self._shares = tuple(place.languages), tuple(place.languages.values())

    def value(self) -> int:
        return self._rng.choices((0, 1, 2, 3), self._mood)[0]

    def lang(self) -> str:
        return self._rng.choices(self._languages, self._shares)[0]

    def reasons(self, value: int) -> list[str]:
        """One to three reasons, mostly one."""
        waiting = 9 if self.turned and value < 2 else 2
        others = (3, 2, 1, 1, 1)
        many = self._rng.choices((1, 2, 3), (72, 22, 6))[0]
        drawn = self._rng.choices(("waiting", *OTHER), (waiting, *others), k=many)
        return list(dict.fromkeys(drawn))


def arrivals(place: Place, day: date, span: tuple[int, int], rng: random.Random) -> list[int]:
    """When customers step up to the screen within an opening, in order."""
    per_hour = place.daily * place.week[day.weekday()] / sum(place.rush)
    came: list[int] = []
    for hour in range(24):
        start = max(span[0], _moment(day, hour * 60, place))
        end = min(span[1], _moment(day, hour * 60 + 60, place))
        if start < end:
            expected = per_hour * place.rush[hour] * (end - start) / (60 * MINUTE)
            came += [rng.randrange(start, end) for _ in range(_poisson(rng, expected))]
    return sorted(came)


def _poisson(rng: random.Random, expected: float) -> int:
    """A draw from the Poisson distribution (Knuth's way, good for small numbers)."""
    limit, drawn, product = math.exp(-expected), 0, rng.random()
    while product > limit:
        drawn += 1
        product *= rng.random()
    return drawn


def _tap(at: int, value: int, lang: str, rng: random.Random, first: int) -> dict[str, Any]:
    choices = [choice.id for choice in _after(value).choices]
    rng.shuffle(choices)
    return {
        "at": at,
        "rev": 1,
        "lang": lang,
        "answers": {survey.BUILTIN.first.id: value},
        "shown": {_after(value).id: choices},
        "first_ms": first,
        "total_ms": first,
        "ended": "left",
        "flags": [],
    }


def _drumming(rng: random.Random, crowd: Crowd, at: int) -> list[dict[str, Any]]:
    """Somebody taps face after face as soon as the screen takes it."""
    lang, taps = crowd.lang(), []
    for _ in range(rng.randrange(5, 10)):
        first = rng.randrange(150, 600)
        taps.append(_tap(at, rng.randrange(4), lang, rng, first))
        at += rng.randrange(900, 1900)
    return taps


def _ghost(rng: random.Random, crowd: Crowd, at: int) -> dict[str, Any]:
    """A second tap just after the screen went back to the question; the terminal saw it for what it is."""
    return {**_tap(at, crowd.value(), crowd.lang(), rng, rng.randrange(60, 400)), "flags": ["ghost"]}


def _after(value: int) -> survey.Question:
    question = survey.BUILTIN.follow_ups(survey.BUILTIN.first.id, value).reasons
    assert question is not None  # noqa: S101 - the built-in survey asks for reasons after every face
    return question


def _uuid(rng: random.Random, version: int, top: int) -> str:
    """A UUID whose first 48 bits are `top`."""
    bits = top << 80 | version << 76 | rng.getrandbits(12) << 64 | 0b10 << 62 | rng.getrandbits(62)
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _entry(tap: dict[str, Any], stamp: dict[str, Any], since_prev: int | None, rng: random.Random) -> Entry:
    return {
        "kind": "response",
        "id": _uuid(rng, 7, tap["at"]),
        "rev": tap["rev"],
        "schema": wire.SCHEMA,
        "test": False,
        "survey": survey.BUILTIN.id,
        "version": survey.BUILTIN.version,
        "lang": tap["lang"],
        "mode": "store",
        "stamp": stamp,
        "answers": tap["answers"],
        "shown": tap["shown"],
        "ended": tap["ended"],
        "first_ms": tap["first_ms"],
        "total_ms": tap["total_ms"],
        "since_prev_ms": since_prev,
        "flags": tap["flags"],
    }
