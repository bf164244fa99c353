"""Surveys while they are written: one draft each, perhaps incomplete, that belongs to a location and changes nothing
until it is published."""

import re
import secrets
import unicodedata
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from sync import survey, wire
from sync.models import drafts, locations
from sync.office import audit, edits, surveys
from sync.office.audit import Actor, Subject
from sync.office.rights import EVERYWHERE
from sync.survey import BUILTIN, Choice, Question, Survey, Texts

LONGEST_ID = 40
_TAIL = 6
"""Characters of what makes an id unlike every other."""


@dataclass(frozen=True)
class Draft:
    """What stands in the editor. `version`: of the row that holds it, 0 while there is none and the newest published
    version stands there. `path`: of the location whose survey it is, "/" where it is everybody's; `place` its name.
    `published`: the newest published version, 0 before the first."""

    definition: Survey
    location: int | None
    path: str
    place: str
    version: int
    published: int

    @property
    def id(self) -> str:
        return self.definition.id

    @property
    def subject(self) -> Subject:
        return Subject("survey", self.id, name(self.definition), self.path)


def name(definition: Survey, lang: str = "en") -> str:
    """What people call it: its first question in their language, in its own where it isn't in theirs, else its id."""
    texts = definition.questions[0].texts if definition.questions else {}
    return words(definition, texts, lang) or definition.id


def words(definition: Survey, texts: Texts, lang: str = "") -> str:
    """A text of a survey in a language if it is there, else in the first of its own in which it is; empty where it is
    in none."""
    wanted = (lang, *definition.languages, *texts)
    return next((texts[code].strip() for code in wanted if texts.get(code, "").strip()), "")


def find(tx: Connection, asked: str) -> Draft | None:
    """The draft of this survey; None when there is no such survey."""
    query = (
        select(drafts, locations.c.path, locations.c.name)
        .outerjoin(locations, locations.c.id == drafts.c.location_id)
        .where(drafts.c.survey == asked)
    )
    row = tx.execute(query).first()
    newest = surveys.newest(tx, [asked]).get(asked)
    published = newest.version if newest else 0
    if row is not None:
        written = survey.read(row.definition.encode())
        return Draft(written, row.location_id, row.path or EVERYWHERE, row.name or "", row.version, published)
    return Draft(newest, None, EVERYWHERE, "", 0, published) if newest else None


def save(tx: Connection, by: Actor, draft: Draft, version: int, definition: Survey, now_ms: int) -> int:
    """Keep what was written, complete or not; the draft's new version. Raises edits.Changed when it isn't of this
    version any more."""
    written = wire.encode(msgspec.structs.replace(definition, id=draft.id, version=draft.published + 1)).decode()
    before, after = _outline(draft.definition), _outline(definition)
    if draft.version == 0:
        if version != 0:
            raise edits.Changed
        new = 1
        try:
            tx.execute(insert(drafts).values(survey=draft.id, definition=written, changed_ms=now_ms))
        except IntegrityError:  # somebody else began in the same moment
            raise edits.Changed from None
    else:
        new = edits.save(tx, drafts, draft.id, version, definition=written, changed_ms=now_ms)
    audit.note(tx, by, "survey drafted", draft.subject, now_ms, before=before, after=after)
    return new


def create(tx: Connection, by: Actor, definition: Survey, location: int | None, path: str, now_ms: int) -> str:
    """A new survey that isn't published yet, under an id of its own made from that of `definition`; the id."""
    fresh = _free_id(tx, definition.id)
    written = msgspec.structs.replace(definition, id=fresh, version=1)
    row = {"survey": fresh, "location_id": location, "definition": wire.encode(written).decode()}
    tx.execute(insert(drafts).values(**row, changed_ms=now_ms))
    audit.note(tx, by, "survey begun", Subject("survey", fresh, name(written), path), now_ms, after=_outline(written))
    return fresh


def discard(tx: Connection, by: Actor, draft: Draft, version: int, now_ms: int) -> bool:
    """Go back to the newest published version; whether there is one: else the survey is gone. Raises edits.Changed."""
    newest = surveys.published(tx, draft.id, draft.published) if draft.published else None
    if newest is not None and draft.version:
        edits.save(tx, drafts, draft.id, version, definition=wire.encode(newest).decode(), changed_ms=now_ms)
    elif newest is None:
        edits.drop(tx, drafts, draft.id, version)
    audit.note(tx, by, "survey draft discarded", draft.subject, now_ms)
    return newest is not None


def is_unpublished(tx: Connection, draft: Draft) -> bool:
    """Whether it says something else than the newest published version."""
    newest = surveys.published(tx, draft.id, draft.published) if draft.published else None
    return newest is None or msgspec.structs.replace(draft.definition, version=newest.version) != newest


def begun(text: str, lang: str) -> Survey:
    """The smallest survey: one question with four faces, and room for a comment in Smilepost's own words."""
    words = next(question for question in BUILTIN.questions if question.kind == "text")
    known = {code: said for code, said in words.texts.items() if code == lang}
    first = Question(new_id("visit"), "scale", {lang: text}, scale="smiley4")
    comment = Question(new_id("comment"), "text", known)
    return Survey(a_slug(text), 1, (lang,), (first, comment))


def new_id(begins: str) -> str:
    """An id for a question or a reason that nothing else has."""
    return f"{begins[: LONGEST_ID - _TAIL - 1].rstrip('-._')}-{secrets.token_hex(_TAIL // 2)}"


def a_slug(text: str) -> str:
    """The beginning of an id that tells people of what it is."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[: LONGEST_ID - _TAIL - 1].strip("-") or "survey"


def _free_id(tx: Connection, wanted: str) -> str:
    taken = surveys.names(tx) | set(tx.execute(select(drafts.c.survey)).scalars())
    return wanted if wanted not in taken else new_id(wanted)


def _outline(definition: Survey) -> dict[str, object]:
    """What the audit log keeps of a definition: enough to see what was meant."""
    return {
        "languages": list(definition.languages),
        "questions": [f"{each.id}: {words(definition, each.texts)[:120]}" for each in definition.questions],
    }


def copied(definition: Survey) -> Survey:
    """The same to be changed: its questions stay the same questions until their meaning changes."""
    return msgspec.structs.replace(definition, id=a_slug(f"{definition.id}-copy"), version=1)


def with_reason(question: Question, begins: str = "reason") -> Question:
    """The question with room for one more reason."""
    return msgspec.structs.replace(question, choices=(*question.choices, Choice(new_id(begins), {})))
