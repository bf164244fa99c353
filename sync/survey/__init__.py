"""What is asked, and which screen comes after which. Reads only the file of the built-in survey.

A survey is data: a first question on a scale (one tap is a complete answer), then optional follow-ups that
depend on it: reasons, another question on a scale, a comment, a way to be reached. The terminal and the centre read the
same definitions, and both refuse the same answers."""

from pathlib import Path

from sync.survey.answers import MAX_COMMENT, problem_with
from sync.survey.checks import BadSurvey, Problem, check, every_text, load, problems, read, reason, text_problem
from sync.survey.definition import (
    MAX_LANGUAGES,
    MAX_QUESTIONS,
    MAX_REASONS,
    MAX_TEXT,
    SCALES,
    Choice,
    FollowUps,
    Question,
    Scale,
    Survey,
    Texts,
)
from sync.survey.steps import STEPS, Step, step

__all__ = [
    "BUILTIN",
    "MAX_COMMENT",
    "MAX_LANGUAGES",
    "MAX_QUESTIONS",
    "MAX_REASONS",
    "MAX_TEXT",
    "SCALES",
    "STEPS",
    "BadSurvey",
    "Choice",
    "FollowUps",
    "Problem",
    "Question",
    "Scale",
    "Step",
    "Survey",
    "Texts",
    "check",
    "every_text",
    "load",
    "problem_with",
    "problems",
    "read",
    "reason",
    "step",
    "text_problem",
]

BUILTIN = load(Path(__file__).with_name("builtin.json").read_bytes())
"""What a terminal asks before it is enrolled, and a touchpoint for which no other survey was chosen."""
