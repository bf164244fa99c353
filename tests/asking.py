"""Surveys of any shape, to be asked on a terminal."""

from collections.abc import Set
from typing import Any

from sync.survey import SCALES, Step, Survey, load
from sync.wire import encode

LANGUAGES = ("en", "de")
WAYS = {"ask": "change", "thanks": "", "comment": "write", "rating": "finish", "contact": "finish", "done": "finish"}
"""What leads to each screen from `thanks`, in a survey that offers nothing else."""


def asking(
    offers: Set[str] = frozenset(), scale: str = "smiley4", firsts: int = 1, rating: str = "nps11", ratings: int = 1
) -> dict[str, Any]:
    """A survey with reasons for the unhappy half and for the happy one, which offers some of `comment`, `rating` and
    `contact`. The first question is one of a pool of `firsts`, the rating one of a pool of `ratings`, where that is
    more than one."""
    low, high, _family = SCALES[scale]
    middle = (low + high) // 2
    questions = [_scale(f"first{n}", scale, "firsts" if firsts > 1 else None) for n in range(firsts)]
    questions += [
        _reasons("unhappy", list(range(low, middle + 1)), ["staff", "wait", "other"]),
        _reasons("happy", list(range(middle + 1, high + 1)), ["staff", "choice", "price"]),
    ]
    if "comment" in offers:
        questions.append({"id": "words", "kind": "text", "texts": _texts("What else?")})
    if "rating" in offers:
        questions += [_scale(f"rate{n}", rating, "rates" if ratings > 1 else None) for n in range(ratings)]
    if "contact" in offers:
        consent = _texts("You may contact me about this answer.")
        questions.append({"id": "call", "kind": "contact", "texts": _texts("May we contact you?"), "consent": consent})
    return {"id": "shop", "version": 1, "languages": list(LANGUAGES), "questions": questions}


def read(definition: dict[str, Any]) -> Survey:
    return load(encode(definition))


def _scale(name: str, scale: str, pool: str | None) -> dict[str, Any]:
    question = {"id": name, "kind": "scale", "scale": scale, "texts": _texts(f"How was {name} today?")}
    return question | ({"pool": pool} if pool else {})


def _reasons(name: str, when: list[int], names: list[str]) -> dict[str, Any]:
    choices = [{"id": one, "texts": _texts(one.title())} for one in names]
    return {"id": name, "kind": "reasons", "texts": _texts("Why?"), "choices": choices, "when": when}


def _texts(text: str) -> dict[str, str]:
    return {"en": text, "de": f"{text} (de)"}


def offered(step: Step) -> frozenset[str]:
    """What a survey offers in which this step can be taken."""
    return frozenset({step.screen, str(step.needs)} & {"comment", "rating", "contact"})
