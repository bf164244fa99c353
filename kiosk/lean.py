"""Our own styles and scripts without what only a reader needs: comments and indentation are a third of what they weigh
when packed. Nothing is renamed or joined up, so a browser's own tools show what is written in static/."""

import re

_USELESS = (
    re.compile(r"^[ ]*/\*(?:(?!\*/).)*\*/[ ]*\n", re.M | re.S),
    re.compile(r"^[ ]*//.*\n", re.M),
    # After code; without a quote in it, and so not the end of a text that looks like one.
    re.compile(r"[ ]+(?:// [^'\"`\n]*|/\* [^'\"`\n]*\*/)$", re.M),
    re.compile(r"^\s+", re.M),
)


def lean(text: str) -> str:
    """The same to a browser. Asks of scripts what a test holds ours to: that no text goes on over several lines, where
    its blanks would count."""
    for useless in _USELESS:
        text = useless.sub("", text)
    return text
