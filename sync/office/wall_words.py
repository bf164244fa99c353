"""What a wall says beside its numbers, for those who hear it."""

from collections.abc import Sequence

from sync.office import local_time, words
from sync.office.comments import Comment
from sync.office.counts import Question
from sync.office.lines import Day
from sync.office.tongue import _
from sync.office.writing import clock as clock
from sync.office.writing import listed, weekday


def week(question: Question, days: Sequence[Day]) -> str:
    """Each day with its score, in one sentence."""
    scale = question.scale
    told = [
        _("{weekday} {score}").format(weekday=weekday(day), score=words.score(scale, figure.value))
        for day, figure in days
        if figure.value is not None
    ]
    return _("{name} a day: {days}").format(name=words.score_heading(scale), days=listed(told))


def given(comment: Comment) -> str:
    """The day on which a kind word was written."""
    return words.date(local_time.day_of(comment.cursor.captured_ms, comment.place.zone))
