"""What people type: checked all at once, so that each field hears what is wrong with it."""

from sync.office.tongue import _
from sync.survey import text_problem

MAX_NAME = 120


class Wrong(ValueError):
    """What was given cannot be used: a sentence for each field by its name, "" for the whole. Nothing was done."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields


def refuse(fields: dict[str, str | None]) -> None:
    """Raises Wrong with the problems there are."""
    found = {name: problem for name, problem in fields.items() if problem}
    if found:
        raise Wrong(found)


def name_problem(text: str, most: int = MAX_NAME) -> str | None:
    """Why this can't be a name (trimmed); None when it can."""
    name = text.strip()
    if not 1 <= len(name) <= most:
        return _("Give 1 to {most} characters, not {n}.").format(most=most, n=len(name))
    if text_problem(name, most):
        return _("Letters or numbers are needed, and nothing that cannot be seen or turns the direction of text.")
    return None
