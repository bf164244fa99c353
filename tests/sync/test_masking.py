"""Nothing that reaches or identifies a customer stays in a comment, and nothing else is taken out of it."""

import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from sync import wire
from sync.wire import mask_accounts
from sync.wire.folding import END, fold
from tests.masked_words import ALL, KEPT, MAILS, NUMBERS, PHONES, PLATES, texts

HOSTILE = (
    "@", "a@", "a@a.", "0 ", "0-", "06 ", "+", "+1", "(at)", " at ", " dot ", "at a dot ", "NL91", "NL91 ", "DE89 0 ",
    "4111 ", "41111111 ", "1 ", "AB-12-", "12-", "A1", "a.", '"', '"@', "\u200b", "tel ", "kenteken ", "1.1.2020 ",
    "ABC 123 ", "00", "0.", "(0) ", "+31 (0)", " ", "\n", "0\n", "09.00-", "x" * 60 + "@", "ab-123-cd", "a@b.de,", "[",
)  # fmt: skip
BOUNDED = 400
"""Characters that a pattern looks at for one place of the text, at the very most."""


@pytest.mark.parametrize(("text", "kept"), ALL.items(), ids=ALL)
def test_what_people_write(text: str, kept: str) -> None:
    assert wire.mask(text) == kept


@pytest.mark.parametrize("text", [*MAILS, *PHONES, *NUMBERS, *PLATES])
def test_in_the_middle_of_a_sentence_it_is_found_as_well(text: str) -> None:
    said = f"Goed geholpen, dank. {text} Tot ziens"
    masked = wire.mask(said)
    assert (masked[:21], masked[-10:]) == ("Goed geholpen, dank. ", " Tot ziens")
    assert masked[21:-10] == ALL[text]


def test_names_stay() -> None:
    assert wire.mask("Kari Nordmann and Per-Olav were great") == "Kari Nordmann and Per-Olav were great"


@settings(max_examples=400, deadline=None)
@given(texts)
def test_masking_it_again_changes_nothing_and_it_never_grows(text: str) -> None:
    masked = wire.mask(text)
    assert wire.mask(masked) == masked
    assert len(masked) <= len(text)


def patterns(told: Any) -> Iterator[str]:
    """Everything in what is told that is a pattern."""
    if isinstance(told, dict):
        told = list(told.values())
    if isinstance(told, list | tuple):
        for one in told:
            yield from patterns(one)
    elif isinstance(told, str) and re.search(r"\[\^?[^ ]+\]", told) and not told.startswith("[IBAN"):
        yield told


def test_no_pattern_looks_far() -> None:
    """Those that ask for the end are asked of a few characters before a number alone."""
    found = list(patterns(wire.mask_rules()))
    assert len(found) > 30
    for pattern in found:
        width = re._parser.parse(pattern).getwidth()[1]  # type: ignore[attr-defined]
        assert width <= BOUNDED or pattern.endswith(END), pattern


def steps(text: str) -> int:
    """How many lines of ours it takes to mask a text."""
    count = 0

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace if "sync/wire" in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        wire.mask(text)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_comment_of_twice_the_length_takes_twice_the_work(piece: str) -> None:
    short, long = (piece * 2000)[:500], (piece * 2000)[:1000]
    assert steps(long) <= 2.6 * steps(short) + 200


def test_the_lengths_of_ibans_are_those_of_the_registry() -> None:
    lengths = {country: 4 + len(kinds) for country, kinds in mask_accounts._STRUCTURES.items()}
    known = {
        "NO": 15,
        "BE": 16,
        "DK": 18,
        "NL": 18,
        "DE": 22,
        "GB": 22,
        "SE": 24,
        "FR": 27,
        "MT": 31,
        "LC": 32,
        "RU": 33,
    }
    assert {country: lengths[country] for country in known} == known
    assert len(lengths) > 85


@given(texts)
@settings(max_examples=100, deadline=None)
def test_every_character_has_its_place(text: str) -> None:
    folded = fold(text)
    places = [folded.at(place) for place in range(len(folded.plain))]
    assert len(folded.plain) == len(folded.low)
    assert places == sorted(set(places))


def test_an_entry_stays_what_it_was_sealed_as() -> None:
    answers = {"visit": 1, "why": ["late"], "comment": "Call 06-12345678", "more": "Kari was kind"}
    entry = wire.seal({"kind": "response", "id": "1", "answers": answers, "later": {"kept": 1}}, "pepper")
    masked = wire.mask_entry(entry)
    assert masked["answers"] == {**answers, "comment": "Call [tel]"}
    assert (masked["sha"], masked["salt"], masked["later"]) == (entry["sha"], None, {"kept": 1})
    assert masked["wiped"].keys() == {"comment", "more"}  # without the salt, of each the hash is all that holds
    assert wire.is_intact(masked)
    assert wire.mask_entry(masked) == masked
    wiped = wire.wipe(masked)
    assert wiped["answers"] == {"visit": 1, "why": ["late"]}
    assert (wire.is_intact(wiped), wiped["wiped"]) == (True, masked["wiped"])
    assert not wire.is_intact({**masked, "answers": {**masked["answers"], "visit": 2}})


def test_an_entry_without_anything_to_mask_keeps_its_salt() -> None:
    entry = wire.seal({"answers": {"visit": 1, "comment": "Kari was kind"}}, "pepper")
    assert wire.mask_entry(entry) == entry
    assert wire.mask_entry({"kind": "other", "answers": 3}) == {"kind": "other", "answers": 3}


@pytest.mark.parametrize("kept", KEPT)
def test_the_words_of_an_entry_that_says_nothing_of_a_person_stay(kept: str) -> None:
    assert wire.mask_entry({"answers": {"comment": kept}})["answers"]["comment"] == kept
