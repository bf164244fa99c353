"""What a new version changes against the last one, as sentences. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from sync.i18n import own_name
from sync.office import survey_words as words
from sync.office.tongue import _
from sync.survey import Question, Survey, Texts


class Change(NamedTuple):
    """A sentence, and where a text changed, in which language from what to what."""

    sentence: str
    lang: str = ""
    was: str = ""
    is_now: str = ""


def between(before: Survey, after: Survey) -> list[Change]:
    """In the order of reading; empty when nothing differs that anybody would notice."""
    found = list(_languages(before, after))
    known = {question.id: question for question in before.questions}
    for question in after.questions:
        was = known.pop(question.id, None)
        if was is None:
            found.append(Change(_("New question: “{question}”").format(question=words.question(after, question))))
        else:
            found += _question(before, after, was, question)
    found += [
        Change(_("No longer asked: “{question}”").format(question=words.question(before, gone)))
        for gone in known.values()
    ]
    stayed = [question.id for question in after.questions if before.question(question.id)]
    if stayed != [question.id for question in before.questions if after.question(question.id)]:
        found.append(Change(_("The questions stand in another order.")))
    return found


def _languages(before: Survey, after: Survey) -> Iterator[Change]:
    for lang in after.languages:
        if lang not in before.languages:
            yield Change(_("New language: {language}").format(language=own_name(lang)))
    for lang in before.languages:
        if lang not in after.languages:
            yield Change(_("No longer in {language}").format(language=own_name(lang)))
    if before.languages and after.languages and before.languages[0] != after.languages[0]:
        yield Change(_("Its first language is {language} now.").format(language=own_name(after.languages[0])))


def _question(before: Survey, after: Survey, was: Question, is_now: Question) -> Iterator[Change]:
    name = words.question(after, is_now)
    yield from _texts(_("The question “{question}”").format(question=name), was.texts, is_now.texts)
    if was.scale != is_now.scale:
        yield Change(
            _("“{question}” is answered otherwise: {scale} instead of {before}.").format(
                question=name, scale=words.scale(is_now.scale), before=words.scale(was.scale)
            )
        )
    if (was.when, was.after, was.pool) != (is_now.when, is_now.after, is_now.pool):
        yield Change(_("“{question}” is asked of others than before.").format(question=name))
    yield from _reasons(before, after, was, is_now)
    if was.consent is not None and is_now.consent is not None:
        yield from _texts(_("The sentence that customers agree to"), was.consent, is_now.consent)


def _reasons(before: Survey, after: Survey, was: Question, is_now: Question) -> Iterator[Change]:
    known = {choice.id: choice for choice in was.choices}
    for choice in is_now.choices:
        old = known.pop(choice.id, None)
        reason = words.said(after, choice.texts)
        if old is None:
            yield Change(_("New reason: “{reason}”").format(reason=reason))
        else:
            yield from _texts(_("The reason “{reason}”").format(reason=reason), old.texts, choice.texts)
    for gone in known.values():
        yield Change(_("No longer a reason: “{reason}”").format(reason=words.said(before, gone.texts)))


def _texts(what: str, before: Texts, after: Texts) -> Iterator[Change]:
    for lang, text in after.items():
        if lang in before and before[lang] != text:
            yield Change(what, lang, before[lang], text)
