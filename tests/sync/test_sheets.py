"""What leaves as CSV: no spreadsheet computes anything in it, and reading it back gives what was written."""

import ast
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Response
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from sync import access, models
from sync.centre import Centre
from sync.office import audit
from sync.office.sheets import BOM, MIMETYPE, Sheet, guarded, unguarded
from sync.office.subjects import KINDS
from tests.sync.conftest import Clock
from tests.sync.each_kind import MAKERS
from tests.sync.norway import Chain

ROOT = Path(__file__).parents[2]
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
EVIL = "=HYPERLINK(\"http://x.invalid\",A1);+cmd|' /C calc'!A0"
TEXTS = st.text(st.sampled_from("=+-@\t\r\n'\";, aÄ＝＠0\0") | st.characters(codec="utf-8"), max_size=12)


@given(TEXTS)
def test_what_is_guarded_is_no_formula_and_comes_back_exactly(text: str) -> None:
    assert not guarded(text).startswith(FORMULAS)
    assert unguarded(guarded(text)) == text


@given(st.lists(st.lists(TEXTS, min_size=3, max_size=3), max_size=8))
def test_a_sheet_is_read_back_as_it_was(rows: list[list[str]]) -> None:
    content = b"".join(Sheet(["a", "b", "c"], rows)).decode()
    assert content.startswith(BOM)
    _header, *read = csv.reader(io.StringIO(content.removeprefix(BOM), newline=""))
    assert [[unguarded(cell) for cell in row] for row in read] == rows


@given(TEXTS, st.sampled_from(";\t"))
def test_another_separator_begins_no_formula_either(text: str, separator: str) -> None:
    """Excel opens a file with the separator of its country, whatever it was written with."""
    line = b"".join(Sheet(["name", "place"], [["Oslo", text]])).decode().removeprefix(BOM)
    cells = [cell for row in csv.reader(io.StringIO(line, newline=""), delimiter=separator) for cell in row]
    # What is left of a line break behind a quote that was torn apart is no formula by itself.
    assert [cell for cell in cells if cell.strip("\t\r\n ").startswith(FORMULAS)] == []


def test_a_row_that_does_not_fit_its_header_is_no_sheet() -> None:
    with pytest.raises(ValueError, match="2 cells below 1 names"):
        b"".join(Sheet(["a"], [["1", "2"]]))


def test_only_one_writer_knows_of_csv() -> None:
    knows = set()
    for path in (ROOT / "sync").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            said = isinstance(node, ast.Constant) and isinstance(node.value, str) and "text/csv" in node.value
            if "csv" in named or (isinstance(node, ast.ImportFrom) and node.module == "csv") or said:
                knows.add(path.relative_to(ROOT).as_posix())
    assert knows <= {"sync/office/sheets.py", "sync/office/sheet_reading.py"}


class Town:
    """A centre in which every text begins as a formula does, and what its routes answered with."""

    def __init__(self, centre: Centre, clock: Clock) -> None:
        self.chain = Chain(centre, clock)
        self.plain: list[str] = []
        with centre.db.writing() as tx:
            self.ids = {kind: make(tx, self.chain.norway, EVIL, clock()) for kind, make in MAKERS.items()}
            self.ids["place"] = str(self.chain.oslo)
            for table, values in (
                (models.locations, {"name": EVIL, "ref": models.locations.c.name.concat(models.locations.c.id)}),
                (models.touchpoint_templates, {"name": EVIL}),
                (models.users, {"name": EVIL}),
            ):
                tx.execute(update(table).values(**values))
            by = audit.Actor(EVIL, self.chain.astrid, EVIL)
            for kind, known in self.ids.items():
                subject = audit.Subject(kind, known, EVIL, "/")
                audit.note(tx, by, EVIL, subject, clock(), before={EVIL: EVIL}, after={EVIL: f"{EVIL}!", "-": EVIL})
        self.chain.app.after_request(self._look)
        self.chain.visits(self.chain.oslo, [3] * 6)
        self.chain.comment(self.chain.oslo, EVIL)
        clock.ms += 60_000  # what came in may leave

    def _look(self, answer: Response) -> Response:
        if answer.mimetype == MIMETYPE and not isinstance(answer.response, Sheet):
            self.plain.append(str(answer.response))
        return answer

    def sheets(self) -> Iterator[tuple[str, str]]:
        """Every address that answers with a table, and the table."""
        app, client = self.chain.app, self.chain.browser(self.chain.astrid)
        for rule in app.url_map.iter_rules():
            kinds = {name: access.kind_of(app, rule.endpoint, name) for name in rule.arguments}
            if "GET" in (rule.methods or ()) and None not in kinds.values():
                with app.test_request_context():
                    ids: dict[str, Any] = {name: self.ids[kind or ""] for name, kind in kinds.items()}
                    address = app.url_map.bind("localhost").build(rule.endpoint, ids)
                answer = client.get(address)
                if answer.mimetype == MIMETYPE:
                    yield address, answer.get_data().decode("utf-8")


def test_every_table_that_leaves_is_guarded(a_centre: Centre, clock: Clock) -> None:
    assert MAKERS.keys() == KINDS.keys()
    town = Town(a_centre, clock)
    found = dict(town.sheets())
    assert "/audit.csv" in found
    assert town.plain == []
    for address, content in found.items():
        assert content.startswith(BOM), address
        cells = [cell for row in csv.reader(io.StringIO(content.removeprefix(BOM), newline="")) for cell in row]
        assert [cell for cell in cells if cell.startswith(FORMULAS)] == [], address
        assert any(EVIL in cell for cell in map(unguarded, cells)), address


def test_a_route_with_a_table_of_its_own_is_caught(a_centre: Centre, clock: Clock) -> None:
    town = Town(a_centre, clock)
    town.chain.app._got_first_request = False
    planted = access.open_to("anyone")(lambda: Response("=1+1", mimetype="text/csv"))
    town.chain.app.add_url_rule("/planted.csv", "planted", planted)
    dict(town.sheets())
    assert len(town.plain) == 1
