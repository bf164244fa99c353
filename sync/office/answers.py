"""Single answers: what one customer touched, where and when, and what was decided about it. Only for viewers with the
permission `responses`: the routes ask for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from sync import wire
from sync.models import flag_decisions, responses, touchpoints
from sync.office import places, surveys
from sync.office.places import Location
from sync.survey import SCALES, Question, Survey


@dataclass(frozen=True)
class Decision:
    """A person's word on a flag: whether it holds, why, whose, when."""

    flag: str
    holds: bool
    reason: str
    actor: str
    at_ms: int


@dataclass(frozen=True)
class Answer:
    """One response as it counts now. `value` on `scale_name`: the first question's, None when that survey is not known
    any more. `reasons`: the texts of those chosen, by language. `text` is what they wrote, "" when nothing.
    `flags`: those that hold. `is_timed`: whether the hour is known."""

    id: str
    rev: int
    place: Location
    touchpoint: str
    device: str
    lang: str
    survey: str
    version: int
    captured_ms: int
    error_ms: int
    received_ms: int
    is_timed: bool
    value: int | None
    scale_name: str | None
    reasons: tuple[dict[str, str], ...]
    text: str
    flags: tuple[str, ...]
    aside: bool
    test: bool
    decisions: tuple[Decision, ...]


def those(tx: Connection, ids: Sequence[str]) -> list[Answer]:
    """These, the newest first."""
    if not ids:
        return []
    query = (
        select(responses, touchpoints.c.name.label("touchpoint"))
        .outerjoin(touchpoints, touchpoints.c.id == responses.c.touchpoint_id)
        .where(responses.c.id.in_(ids))
        .order_by(responses.c.captured_ms.desc(), responses.c.id.desc())
    )
    rows = tx.execute(query).all()
    tree = places.resolved(tx, {row.location_id for row in rows}) if rows else {}
    asked: dict[tuple[str, int], Survey | None] = {}
    for row in rows:
        if (row.survey, row.version) not in asked:
            asked[row.survey, row.version] = surveys.published(tx, row.survey, row.version)
    decided = _decisions(tx, ids)
    return [_read(row, tree[row.location_id], asked[row.survey, row.version], decided.get(row.id, ())) for row in rows]


def one(tx: Connection, name: str) -> Answer | None:
    """None when there is none."""
    found = those(tx, [name])
    return found[0] if found else None


def _decisions(tx: Connection, ids: Sequence[str]) -> dict[str, tuple[Decision, ...]]:
    table = flag_decisions.c
    query = select(flag_decisions).where(table.response_id.in_(ids)).order_by(table.at_ms, table.flag)
    found: dict[str, tuple[Decision, ...]] = {}
    for row in tx.execute(query):
        decision = Decision(row.flag, row.holds, row.reason, row.actor, row.at_ms)
        found[row.response_id] = (*found.get(row.response_id, ()), decision)
    return found


def _read(row: Row[Any], place: Location, survey: Survey | None, decisions: tuple[Decision, ...]) -> Answer:
    entry = wire.read_entry(row.body.encode())
    given: Mapping[str, Any] = entry["answers"]
    first = survey.first_answer(given) if survey else None
    scale = first[0].scale if first else None
    on_scale = scale is not None and first is not None and SCALES[scale].low <= first[1] <= SCALES[scale].high
    return Answer(
        id=row.id,
        rev=row.rev,
        place=place,
        touchpoint=row.touchpoint or "",
        device=row.device_id,
        lang=entry["lang"],
        survey=row.survey,
        version=row.version,
        captured_ms=row.captured_ms,
        error_ms=row.error_ms,
        received_ms=row.received_ms,
        is_timed=row.hour is not None,
        value=first[1] if first and on_scale else None,
        scale_name=scale if on_scale else None,
        reasons=tuple(texts for question in _reasons(survey) for texts in _texts(question, given)),
        text="\n\n".join(answer.strip() for answer in given.values() if isinstance(answer, str)).strip(),
        flags=tuple(filter(None, row.flags.split(","))),
        aside=row.aside,
        test=row.test,
        decisions=decisions,
    )


def _reasons(survey: Survey | None) -> list[Question]:
    return [question for question in survey.questions if question.kind == "reasons"] if survey else []


def _texts(question: Question, given: Mapping[str, Any]) -> list[dict[str, str]]:
    chosen = given.get(question.id) or ()
    return [choice.texts for choice in question.choices if choice.id in chosen]
