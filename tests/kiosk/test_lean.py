"""What is taken out of styles and scripts on their way makes no difference to a browser."""

import re

import pytest

from kiosk import worker
from kiosk.lean import lean
from sync.assets import STATIC

OURS = [name for names in (*worker.JOINED.values(), ["kiosk/worker.js", "kiosk/masking.js"]) for name in names]


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("/* About it.\n   And more. */\n\nconst a = 1;\n", "const a = 1;\n"),
        ("  // why\n  const a = 1; // so\n", "const a = 1;\n"),
        ("p {\n  margin: 0; /* none */\n}\n", "p {\nmargin: 0;\n}\n"),
        ("/* one */ const a = 1;\n/* two */\n", "/* one */ const a = 1;\n"),
        ("const a = 'http://here'; // it's there\n", "const a = 'http://here'; // it's there\n"),
        ("const a = 'one // two';\n", "const a = 'one // two';\n"),
        ("const a = 8 / 4 / 2;\n", "const a = 8 / 4 / 2;\n"),
        ("const a = `/* ${b} */`;\n", "const a = `/* ${b} */`;\n"),
    ],
)
def test_only_what_a_reader_needs_is_left_out(written: str, sent: str) -> None:
    assert lean(written) == sent
    assert lean(sent) == sent


TEXT_OR_REMARK = re.compile(r"""("(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|/\*.*?\*/|//[^\n]*""", re.DOTALL)


def code(source: str) -> list[str]:
    """The words of a script or a style sheet without its remarks, read with care for what stands in quotes."""
    return TEXT_OR_REMARK.sub(lambda found: found[1] or "", source).split()


@pytest.mark.parametrize("name", OURS)
def test_nothing_else_is_left_out_of_ours(name: str) -> None:
    source = (STATIC / name).read_text(encoding="utf-8")
    assert code(lean(source)) == code(source)


@pytest.mark.parametrize("name", OURS)
def test_no_text_in_ours_goes_on_over_several_lines(name: str) -> None:
    lines = lean((STATIC / name).read_text(encoding="utf-8")).splitlines()
    assert [line for line in lines if line.count("`") % 2 or line.endswith("\\")] == []


@pytest.mark.parametrize("name", OURS)
def test_every_file_of_ours_stands_for_itself(name: str) -> None:
    """So that they can be joined: a script is strict from its first line, and ends what it begins."""
    content = lean((STATIC / name).read_text(encoding="utf-8"))
    assert content.endswith("\n")
    if name.endswith(".js") and name != "kiosk/worker.js":
        assert content.startswith('"use strict";\n')
        assert content.rstrip().endswith(";")
