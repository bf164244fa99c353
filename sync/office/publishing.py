"""From a draft to a version that never changes: what it says anew, which questions stay the same ones, and the deed.

A question keeps its identity over versions: its answers are counted together. With another kind or scale it is a new
question; with another text whoever publishes says whether only the wording changed (the same question) or what is meant
(a new one, that took the other's place). The same holds for a reason. What a survey of others asks as well is never
reworded under their hands: with another text it is a new question."""

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Literal

import msgspec
from sqlalchemy import Connection, select

from sync import survey
from sync.models import drafts as drafted
from sync.models import locations
from sync.office import audit, drafts, edits, surveys
from sync.office.audit import Actor
from sync.office.drafts import Draft
from sync.office.forms import Wrong
from sync.office.rights import EVERYWHERE, Rights
from sync.office.tongue import _
from sync.survey import Choice, Question, Survey, Texts

SAME, NEW = "same", "new"
Why = Literal["text", "scale", "theirs"]


@dataclass(frozen=True)
class Reworded:
    """A question (or one of its reasons) that was published with other texts. `was` and `is_now` in the languages that
    differ. `why` it cannot simply go on: "text" is for whoever publishes to say; with another kind or "scale", or when
    it is also "theirs", it is a new one."""

    question: str
    choice: str
    was: Texts
    is_now: Texts
    why: Why

    @property
    def key(self) -> str:
        """The name of the field that says what it is."""
        return f"identity.{self.question}" + (f"/{self.choice}" if self.choice else "")


@dataclass(frozen=True)
class Missing:
    """What a language lacks: of the question `number` (from 1) its "texts", its "consent", or `n` of its "choices"."""

    number: int
    question: Question
    part: str
    n: int


@dataclass(frozen=True)
class Ready:
    """What publishing would mean. `missing`: by language. `wrong`: whatever else keeps it from being asked."""

    missing: dict[str, list[Missing]]
    wrong: list[survey.Problem]
    reworded: list[Reworded]

    @property
    def can_be(self) -> bool:
        return not self.missing and not self.wrong


def ready(tx: Connection, rights: Rights, draft: Draft) -> Ready:
    """What there is to know before this draft is published by somebody with these rights."""
    found = list(survey.problems(draft.definition))
    lacks = Counter((str(p.path[-1]), int(p.path[1]), str(p.path[2])) for p in found if p.code == "no_text")
    missing: dict[str, list[Missing]] = {lang: [] for lang in draft.definition.languages}
    for (lang, index, part), n in lacks.items():
        missing[lang].append(Missing(index + 1, draft.definition.questions[index], part, n))
    missing = {lang: every for lang, every in missing.items() if every}
    wrong = [problem for problem in found if problem.code != "no_text"]
    return Ready(missing, wrong, list(reworded(tx, draft.definition, foreign(tx, rights, draft))))


def reworded(tx: Connection, definition: Survey, theirs: Set[str]) -> list[Reworded]:
    """The questions and reasons of a definition that were published with other words, or in another way."""
    known, reasons = surveys.questions(tx), _reasons(tx, definition)
    found = []
    for question in definition.questions:
        before = known.get(question.id)
        if before is None:
            continue
        was, is_now = _differing(before.texts, question.texts)
        if (before.kind, before.scale) != (question.kind, question.scale or ""):
            found.append(Reworded(question.id, "", before.texts, question.texts, "scale"))
        elif was:
            found.append(Reworded(question.id, "", was, is_now, "theirs" if question.id in theirs else "text"))
        for choice in question.choices:
            was, is_now = _differing(reasons.get((question.id, choice.id), {}), choice.texts)
            if was:
                found.append(
                    Reworded(question.id, choice.id, was, is_now, "theirs" if question.id in theirs else "text")
                )
    return found


def _differing(before: Texts, after: Texts) -> tuple[Texts, Texts]:
    differ = [lang for lang in after if lang in before and before[lang] != after[lang]]
    return {lang: before[lang] for lang in differ}, {lang: after[lang] for lang in differ}


def _reasons(tx: Connection, definition: Survey) -> dict[tuple[str, str], Texts]:
    """The texts of every published reason of these questions; those of this survey count before others'."""
    asked = {question.id for question in definition.questions if question.choices}
    every = surveys.newest(tx) if asked else {}
    mine = every.pop(definition.id, None)
    return {
        (question.id, choice.id): choice.texts
        for each in [*every.values(), *([mine] if mine else [])]
        for question in each.questions
        if question.id in asked
        for choice in question.choices
    }


def foreign(tx: Connection, rights: Rights, draft: Draft) -> frozenset[str]:
    """The questions of a draft that are asked by a survey, too, that this person may not change."""
    query = select(drafted.c.survey, locations.c.path).join(locations, locations.c.id == drafted.c.location_id)
    owners = {row.survey: row.path for row in tx.execute(query)}
    mine = {question.id for question in draft.definition.questions}
    return frozenset(
        question.id
        for name, each in surveys.newest(tx).items()
        if name != draft.id and not rights.may("surveys", owners.get(name, EVERYWHERE))
        for question in each.questions
        if question.id in mine
    )


def publish(
    tx: Connection, by: Actor, rights: Rights, draft: Draft, version: int, said: Mapping[str, str], now_ms: int
) -> Survey:
    """Publish what stands in the draft as the next version, which is returned. `said`: SAME or NEW by the key of
    each Reworded. Raises edits.Changed when the draft isn't of this version any more, Wrong with a sentence for
    everything that has to be said or mended first."""
    if version != draft.version:
        raise edits.Changed
    found = ready(tx, rights, draft)
    if not found.can_be:
        raise Wrong({"": _("Something is missing or wrong: it is named below. Nothing was published.")})
    if not drafts.is_unpublished(tx, draft):
        raise Wrong({"": _("Nothing has changed since version {n}.").format(n=draft.published)})
    asks = [each for each in found.reworded if each.why == "text"]
    if open_ := [each for each in asks if said.get(each.key) not in (SAME, NEW)]:
        raise Wrong({each.key: _("Say which of the two it is.") for each in open_})
    anew = [each for each in found.reworded if each.why != "text" or said[each.key] == NEW]
    definition, replaces = renewed(draft.definition, anew)
    definition = msgspec.structs.replace(definition, version=surveys.newest_version(tx, draft.id) + 1)
    before = surveys.published(tx, draft.id, draft.published)
    surveys.publish(tx, definition, now_ms, replaces=replaces, untouched=foreign(tx, rights, draft))
    if draft.version:
        edits.save(
            tx, drafted, draft.id, version, definition=msgspec.json.encode(definition).decode(), changed_ms=now_ms
        )
    told = {"version": definition.version, "replaces": replaces} | _asked(definition)
    was = {"version": before.version} | _asked(before) if before else None
    audit.note(tx, by, "survey published", draft.subject, now_ms, before=was, after=told)
    return definition


def _asked(definition: Survey) -> dict[str, object]:
    return {
        "languages": list(definition.languages),
        "questions": {each.id: drafts.words(definition, each.texts) for each in definition.questions},
    }


def renewed(definition: Survey, anew: list[Reworded]) -> tuple[Survey, dict[str, str]]:
    """The definition with new ids for these questions and reasons, and by new question the one whose place it took."""
    names = {each.question: drafts.new_id(each.question) for each in anew if not each.choice}
    reasons = {(each.question, each.choice): drafts.new_id(each.choice) for each in anew if each.choice}

    def choice(question: Question, one: Choice) -> Choice:
        return msgspec.structs.replace(one, id=reasons.get((question.id, one.id), one.id))

    questions = tuple(
        msgspec.structs.replace(
            each,
            id=names.get(each.id, each.id),
            after=names.get(each.after, each.after) if each.after else None,
            choices=tuple(choice(each, one) for one in each.choices),
        )
        for each in definition.questions
    )
    replaces = {new: old for old, new in names.items()}
    return msgspec.structs.replace(definition, questions=questions), replaces


def by_command(tx: Connection, definition: Survey, now_ms: int) -> bool:
    """Publish a whole definition as the server's own command does. Raises BadVersion; False when it is published
    already."""
    was = surveys.newest(tx, [definition.id]).get(definition.id)
    if not surveys.publish(tx, definition, now_ms):
        return False
    found = drafts.find(tx, definition.id)
    subject = found.subject if found else audit.Subject("survey", definition.id, drafts.name(definition), EVERYWHERE)
    told = {"version": definition.version} | _asked(definition)
    before = {"version": was.version} | _asked(was) if was else None
    audit.note(tx, audit.COMMAND, "survey published", subject, now_ms, before=before, after=told)
    return True
