"""Where a page may lead on to, when an address or a form says where: to our own pages, and nowhere else."""

import re

# What a browser reads as a path of this host: one slash, then no second one, no backslash (which browsers turn into
# a slash), no space or control character (which they drop), nothing beyond ASCII.
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*", re.ASCII)
_LONGEST_PATH = 2_000


def own_path(text: str | None) -> str:
    """That path, if it is one of ours, or the overview."""
    fits = text is not None and len(text) <= _LONGEST_PATH and _OWN_PATH.fullmatch(text)
    return text if fits and text is not None else "/"
