"""Places as a file: out, changed in a spreadsheet, and in again; what cannot be is said, and nothing is half done."""

import csv
import io
import re
from collections.abc import Sequence
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, update
from werkzeug.test import TestResponse

from sync import models
from sync.centre import Centre
from sync.office import hours_cells, keys, place_sheet, sheet_reading, tree
from sync.office.audit import COMMAND
from sync.office.importing import uploads
from sync.office.places import Hours
from sync.office.tree import Details
from tests.sync.conftest import Clock
from tests.sync.norway import OURS, Chain

DAYS: tuple[list[tuple[int, int]], ...] = ([], [(540, 1080)], [(480, 720), (780, 1620)], [(1320, 1680)])
WEEKS: st.SearchStrategy[Hours] = st.lists(st.sampled_from(DAYS), min_size=7, max_size=7)
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89"
HEAD = "ref,name,kind,parent,time zone,opening hours,opened,closed,touchpoints"


class Office:
    """Head office at its files."""

    def __init__(self, centre: Centre, clock: Clock) -> None:
        self.chain, self.centre, self.clock = Chain(centre, clock), centre, clock

    def upload(self, content: str | bytes, user: int | None = None, name: str = "places.csv") -> TestResponse:
        """The page after a file was chosen."""
        raw = content.encode() if isinstance(content, str) else content
        browser = self.chain.browser(user or self.chain.astrid)
        given = {"file": (io.BytesIO(raw), name)}
        answer = browser.post("/places/import", data=given, headers=OURS, content_type="multipart/form-data")
        return browser.get(answer.headers["Location"]) if answer.status_code == 303 else answer

    def confirm(self, shown: TestResponse, user: int | None = None) -> TestResponse:
        """What was shown is confirmed."""
        page = shown.get_data(as_text=True)
        fields = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[0] for name in ("upload", "plan")}
        return self.chain.browser(user or self.chain.astrid).post("/places/import/confirm", data=fields, headers=OURS)

    def bring(self, content: str | bytes, user: int | None = None) -> None:
        shown = self.upload(content, user)
        assert shown.status_code == 200, problems(shown)
        assert self.confirm(shown, user).status_code == 303

    def export(self, user: int | None = None) -> str:
        answer = self.chain.browser(user or self.chain.astrid).get("/places/export.csv")
        assert answer.status_code == 200
        return answer.get_data().decode("utf-8")

    def rows(self, user: int | None = None) -> dict[str, dict[str, str]]:
        """The export, by name."""
        read = csv.DictReader(io.StringIO(self.export(user).removeprefix("\ufeff"), newline=""))
        return {row["name"]: row for row in read}

    def add(self, name: str, parent: int | None = None, **details: Any) -> int:
        with self.centre.db.writing() as tx:
            return tree.add(tx, COMMAND, parent, Details(name, **details), self.clock())

    def table(self, table: Any) -> list[str]:
        with self.centre.db.reading() as tx:
            return sorted(map(repr, tx.execute(select(table))))

    def count(self) -> int:
        with self.centre.db.reading() as tx:
            return int(tx.execute(select(func.count()).select_from(models.locations)).scalar_one())

    def actions(self) -> list[str]:
        with self.centre.db.reading() as tx:
            return list(tx.execute(select(models.audit.c.action).order_by(models.audit.c.id)).scalars())


@pytest.fixture
def office(a_centre: Centre, clock: Clock) -> Office:
    return Office(a_centre, clock)


def text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def problems(answer: TestResponse) -> list[str]:
    """What the page says is wrong, line by line; or with the file as a whole."""
    page = answer.get_data(as_text=True)
    lines = re.findall(r"<li><span class=\"soft n\">.*?</li>", page, re.DOTALL)
    return [text(line) for line in lines] or [text(each) for each in re.findall(r'<p class="problem".*?</p>', page)]


def steps(answer: TestResponse) -> list[str]:
    return [text(row) for row in re.findall(r"<tr.*?</tr>", answer.get_data(as_text=True), re.DOTALL)[1:]]


def sheet(*rows: Sequence[str], head: str = HEAD) -> str:
    page = io.StringIO()
    csv.writer(page, lineterminator="\r\n").writerows([head.split(","), *rows])
    return page.getvalue()


def test_an_export_that_is_brought_back_changes_nothing(office: Office) -> None:
    week = [[(540, 1080)]] * 5 + [[(1320, 1680)], []]
    office.add("=A1/B2 / C", office.chain.norway, kind="group", zone="Europe/Berlin")
    odd = office.add("'+49 'n\" Rest;-1", office.chain.norway, ref="NO / 1", own_hours=True, hours=week)
    office.add("Norway / Oslo", None, kind="group", ref="Norway", opened_day=20_000, closed_day=20_500)
    office.add("a // b/", office.add("/x", office.chain.norway, kind="group"), own_hours=True)
    with office.centre.db.writing() as tx:
        tx.execute(insert(models.touchpoints).values(location_id=odd, name="A|B"))
    before = [office.table(table) for table in (models.locations, models.touchpoints)]
    shown = office.upload(office.export())
    assert problems(shown) == []
    assert "Nothing would change" in shown.text
    assert [office.table(table) for table in (models.locations, models.touchpoints)] == before


def test_the_export_holds_what_is_a_places_own_and_in_one_readable_cell(office: Office) -> None:
    week = [[(540, 1080)]] * 5 + [[(600, 1020)], []]
    office.add("Lillehammer", office.chain.norway, ref="NO-7", own_hours=True, hours=week, opened_day=20_515)
    rows = office.rows()
    assert list(rows["Oslo"].values()) == [
        "",
        "Oslo",
        "store",
        "Norway",
        "",
        "",
        "",
        "",
        "Checkout",
        str(office.chain.oslo),
    ]
    assert rows["Norway"]["time zone"] == "Europe/Oslo"
    assert rows["Lillehammer"]["opening hours"] == "Mo-Fr 09:00-18:00; Sa 10:00-17:00"
    assert rows["Lillehammer"]["opened"] == "2026-03-03"
    answer = office.chain.browser(office.chain.astrid).get("/places/export.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="places.csv"'


def test_whoever_sees_a_part_gets_that_part_and_no_word_of_what_is_above(office: Office) -> None:
    assert {name: row["parent"] for name, row in office.rows(office.chain.bjorn).items()} == {"Oslo": ""}
    assert set(office.rows(office.chain.per)) == {"Malmö"}


def test_a_file_is_looked_at_confirmed_and_written_down(office: Office) -> None:
    with office.centre.db.writing() as tx:
        tx.execute(insert(models.touchpoint_templates).values(name="Repairs"))
        tx.execute(update(models.locations).where(models.locations.c.name == "Bergen").values(ref="NO-2"))
    content = sheet(
        ["DK-1", "København", "Store", "DK", "", "22:00-04:00", "2026-03-01", "", "repairs"],
        ["DK", "Danmark", "group", "", "Europe/Copenhagen", "", "", "", ""],
        ["", "oslo", "", "Norway", "", "always", "", "31.12.2026", ""],
        ["NO-2", "Bergen", "store", "DK", "", "", "", "", ""],
        ["", "Molde", "store", "Norway", "", "", "", "", ""],
    )
    before = office.table(models.locations)
    shown = office.upload(content)
    assert steps(shown) == [
        "Line 2 København new number: DK-1 kind: store opening hours: Mo-Su 22:00-04:00 first day: 2026-03-01 "
        "belongs to: Danmark touchpoints: Repairs",
        "Line 3 Danmark new number: DK kind: group time zone: Europe/Copenhagen",
        "Line 4 oslo closed, changed name: Oslo → oslo opening hours: nothing → always last day: nothing → 2026-12-31",
        "Line 5 Bergen moved belongs to: Norway → Danmark",
    ]
    assert "2 new places 1 place changed 1 place moved 1 place closed 1 place stays as it is" in text(shown.text)
    assert office.table(models.locations) == before
    done = office.confirm(shown)
    assert done.headers["Location"] == "/places/import?new=2&changed=1&moved=1&closed=1"
    assert "The places are imported." in office.chain.page(done.headers["Location"])
    rows = office.rows()
    assert int(rows["København"].pop("place id"))
    assert rows["København"] == {
        "ref": "DK-1", "name": "København", "kind": "store", "parent": "DK", "time zone": "",
        "opening hours": "Mo-Su 22:00-04:00", "opened": "2026-03-01", "closed": "", "touchpoints": "Repairs",
    }  # fmt: skip
    assert rows["Bergen"]["parent"] == "DK"
    assert (rows["oslo"]["opening hours"], rows["oslo"]["closed"]) == ("always", "2026-12-31")
    assert sorted(office.actions()) == sorted(
        ["place added"] * 2 + ["place changed", "place moved", "touchpoints added", "places imported"]
    )
    with office.centre.db.reading() as tx:
        paths = {row.name: row.path for row in tx.execute(select(models.locations))}
    assert paths["Bergen"].startswith(paths["Danmark"])
    assert paths["København"].startswith(paths["Danmark"])


@given(st.lists(st.text("/ |aß\u00e9", min_size=1, max_size=5).map(str.strip).filter(bool), min_size=1, max_size=4))
def test_names_in_one_cell_are_read_back_as_they_were(names: list[str]) -> None:
    """The way to a parent, and the touchpoints of a place, whatever stands in the names."""
    assert place_sheet.names_of(place_sheet.way(names, {})) == names
    assert place_sheet.each_of(place_sheet.several(names)) == names
    first = place_sheet.way(names, {})
    assert place_sheet.names_of(place_sheet.way(names, {first: 1})) == names


@given(st.one_of(st.none(), st.just([[(0, 1440)]] * 7), WEEKS))
def test_hours_in_one_cell_are_read_back_as_they_were(week: Hours) -> None:
    assert hours_cells.read(hours_cells.written(week)) == week


def test_what_is_not_in_the_file_stays_and_so_do_columns_that_are_not(office: Office) -> None:
    office.add("Lillehammer", office.chain.norway, ref="NO-7", zone="Europe/Oslo", opened_day=20_515)
    before = office.rows()
    office.bring(sheet(["NO-7", "Lillehammer sentrum"], head="ref,name"))
    after = office.rows()
    assert after.pop("Lillehammer sentrum") == before.pop("Lillehammer") | {"name": "Lillehammer sentrum"}
    assert after == before


def test_numbers_are_given_to_places_that_had_none(office: Office) -> None:
    count = office.count()
    office.bring(sheet(["NO-1", "Oslo", "Norway"], ["NO-2", "Bergen", "Norway"], head="ref,name,parent"))
    assert office.count() == count
    assert office.rows()["Oslo"]["ref"] == "NO-1"


def test_places_without_numbers_are_moved_and_renamed_in_the_export(office: Office) -> None:
    count, export = office.count(), office.export()
    shown = office.upload(export.replace(",Oslo,store,Norway,", ",Oslo S,store,Sweden,"))
    assert steps(shown) == ["Line 4 Oslo S moved, changed name: Oslo → Oslo S belongs to: Norway → Sweden"]
    assert office.confirm(shown).status_code == 303
    assert (office.count(), office.rows()["Oslo S"]["parent"]) == (count, "Sweden")
    office.bring(sheet([str(office.chain.bergen), "NO-2", "Bergen"], head="place id,ref,name"))
    assert office.rows()["Bergen"] | {"touchpoints": ""} == {
        **dict.fromkeys(HEAD.split(","), ""),
        **{"ref": "NO-2", "name": "Bergen", "kind": "store", "parent": "Norway", "place id": str(office.chain.bergen)},
    }


def test_an_id_is_that_of_one_place_which_one_looks_after(office: Office) -> None:
    office.add("Lillehammer", office.chain.norway, ref="NO-7")
    oslo = str(office.chain.oslo)
    lines = [[oslo, "", "Oslo"], [oslo, "", "Oslo S"], ["x", "", "A"], ["99999", "", "B"], ["9" * 40, "", "C"]]
    lines += [[str(office.chain.bergen), "NO-7", "Bergen"]]
    said = problems(office.upload(sheet(*lines, head="place id,ref,name")))
    assert [each.split(" ")[1] for each in said] == ["3", "4", "5", "6", "7"]
    assert said[0] == f"Line 3 The number “{oslo}” stands in line 2 as well."
    assert all("there is no place" in each for each in said[1:4])
    assert said[4].endswith("has this number already.")
    inger = office.chain.hired("inger@example.com", "Inger", ("admin", office.chain.sweden))
    hers = problems(office.upload(sheet([oslo, "Mine"], head="place id,name"), inger))
    assert hers == [f"Line 2 place id: there is no place “{oslo}” in your part of the tree. A new place has none."]


def test_a_new_place_that_may_be_an_old_one_is_pointed_out(office: Office) -> None:
    lines = [["Oslo", "Sweden"], ["Kiruna", "Sweden"]]
    told = steps(office.upload(sheet(*lines, head="name,parent")))
    assert "Norway / Oslo is there already." in told[0]
    assert "already" not in told[1]
    told = steps(office.upload(sheet(*lines, ["Oslo", "Norway"], head="name,parent")))
    assert "already" not in " ".join(told)  # the file knows of both


def test_a_moved_group_takes_everything_below_along(office: Office) -> None:
    office.chain.visits(office.chain.oslo, [3, 3, 3])
    office.bring(sheet(["NO", "Norway"], head="ref,name"))
    office.bring(sheet(["NO", "Norway", "Nordics", ""], ["", "Nordics", "", "group"], head="ref,name,parent,kind"))
    with office.centre.db.reading() as tx:
        paths = {row.name: (row.id, row.path) for row in tx.execute(select(models.locations))}
    nordics, norway, oslo = (paths[name] for name in ("Nordics", "Norway", "Oslo"))
    assert norway[1] == f"/{nordics[0]}/{norway[0]}/"
    assert oslo[1] == f"{norway[1]}{office.chain.oslo}/"
    assert "3 answers" in text(office.chain.page(f"/locations/{office.chain.oslo}"))
    told = text(office.chain.page("/audit?kind=places"))
    assert "new : 1 changed : 0 moved : 1 closed : 0" in told


def test_a_changed_zone_leaves_what_was_counted(office: Office) -> None:
    office.bring(sheet(["Oslo", "Norway", "America/New_York"], head="name,parent,time zone"))
    with office.centre.db.reading() as tx:
        (row,) = tx.execute(select(models.former_zones)).all()
    assert (row.location_id, row.zone) == (office.chain.oslo, "Europe/Oslo")


@pytest.mark.parametrize(
    ("encoded", "read"),
    [
        ("Zürich;Genève".encode(), "UTF-8"),
        ("\ufeffZürich;Genève".encode(), "UTF-8"),
        ("\ufeffZürich;Genève".encode("utf-16-le"), "UTF-16"),
        ("\ufeffZürich;Genève".encode("utf-16-be"), "UTF-16"),
        ("Zürich;Genève".encode("latin-1"), "Windows-1252"),
        ("Zürich;Genève €".encode("cp1252"), "Windows-1252"),
    ],
)  # fmt: skip
def test_every_encoding_of_a_spreadsheet_is_read_and_told(encoded: bytes, read: str) -> None:
    codec = {"UTF-16": "utf-16-be" if encoded.startswith(b"\xfe") else "utf-16-le", "Windows-1252": "cp1252"}.get(read)
    head = "name;parent\n".encode(codec or "utf-8")
    mark = next((mark for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff") if encoded.startswith(mark)), b"")
    found = sheet_reading.read(mark + head + encoded.removeprefix(mark), place_sheet.column, "name")
    assert (found.encoding, found.guessed) == (read, read == "Windows-1252")
    assert found.lines[0].cells["name"] == "Zürich"
    assert found.sample == ("Zürich",)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_separator_and_line_end_is_read(separator: str, end: str) -> None:
    rows = [["Opening Hours", "NAME", ""], ["Mo-Fr 9-18", 'A "b" ; , c', ""], ["", "", ""], [], [" always ", "x"]]
    page = io.StringIO()
    csv.writer(page, delimiter=separator, lineterminator=end).writerows(rows)
    found = sheet_reading.read(page.getvalue().encode() + end.encode() * 3, place_sheet.column, "")
    assert [(line.number, line.cells) for line in found.lines] == [
        (2, {"hours": "Mo-Fr 9-18", "name": 'A "b" ; , c'}),
        (5, {"hours": "always", "name": "x"}),
    ]


def test_a_first_line_that_names_the_separator_is_none_of_the_table() -> None:
    found = sheet_reading.read(b"sep=;\r\nname;tijdzone\r\nOslo;\r\n", place_sheet.column, "")
    assert [(line.number, line.cells["name"]) for line in found.lines] == [(3, "Oslo")]


WRONG_FILES = {
    b"": "The file is empty.",
    b"\xef\xbb\xbf\r\n\r\n": "The file is empty.",
    PNG: "This is no text",
    b"PK\x03\x04 and more": "This is a workbook",
    b"\xff\xfea": "The file says that it is UTF-16, and is not.",
    b"name,colour\nOslo,red\n": "There is no column “colour”: ref, name, kind",
    b"name,Naam\nOslo,Oslo\n": "Two columns are called “Naam”",
    b"name\n" + b"x\n" * 20_001: "more than 20,000 lines",
}


@pytest.mark.parametrize("content", WRONG_FILES, ids=lambda content: repr(content[:12]))
def test_what_is_no_table_of_places_is_one_sentence(content: bytes) -> None:
    with pytest.raises(sheet_reading.BadSheet) as found:
        sheet_reading.read(content, place_sheet.column, ", ".join(["ref", "name", "kind"]))
    assert WRONG_FILES[content].replace("20,000", "20000") in str(found.value)


def test_two_hundred_thousand_lines_are_refused_early(office: Office) -> None:
    content = b"ref,name,kind,parent\n" + b"".join(
        b"S%06d,Shop number %06d,store,Norway\n" % (n, n) for n in range(200_000)
    )
    answer = office.upload(content)
    assert answer.status_code == 413
    assert "at most 5 MB are allowed" in problems(answer)[0]
    assert office.table(models.uploads) == []


LONG = "x" * 10_000
BAD_LINES = {
    "cycle by number": (["A,A,group,B", "B,B,group,A"], [(2, "lines 2, 3 lie in each other"), (3, "lines 2, 3")]),
    "cycle by name": ([",A,group,B", ",B,group,C", ",C,group,A"], [(n, "lines 2, 3, 4 lie") for n in (2, 3, 4)]),
    "in itself": (["A,A,group,A"], [(2, "would lie in itself")]),
    "number twice": (["A,A,,Norway", "A,B,,Norway"], [(3, "“A” stands in line 2 as well")]),
    "place twice": ([",A,,Norway", ",a,,Norway"], [(3, "Line 2 tells of the same place")]),
    "unknown parent": ([",A,,Atlantis"], [(2, "There is no place “Atlantis”")]),
    "parent is a store": ([",A,,Oslo"], [(2, "Oslo is a store: places are put into groups only")]),
    "new parent is a store": (["A,A,store,Norway", ",B,,A"], [(3, "A is a store")]),
    "a group full of places": ([",Norway,store,"], [(2, "There are places in it")]),
    "zone": ([",A,,Norway,Europe/Osol"], [(2, "time zone: There is no time zone “Europe/Osol”. Do you mean Eur")]),
    "hours": ([",A,,Norway,,Mo 9-25"], [(2, "opening hours: Monday: “25” is no time of the day")]),
    "day": ([",A,,Norway,,,yesterday"], [(2, "opened: “yesterday” is no day")]),
    "closed first": ([",A,,Norway,,,2026-02-01,2026-01-01"], [(2, "closed: The last day cannot be before the first")]),
    "kind": ([",A,palace,Norway"], [(2, "kind: A place is a group, a store or a crew")]),
    "no name": ([",,,Norway"], [(2, "name: Give 1 to 120 characters, not 0.")]),
    "long name": ([f",{LONG},,Norway"], [(2, "name: Give 1 to 120 characters, not 10000.")]),
    "turned": ([",A\u202eB,,Norway"], [(2, "name: Letters or numbers are needed")]),
    "nul": ([",A\0B,,Norway"], [(2, "name: Letters or numbers are needed")]),
    "nul in number": (["A\0,A,,Norway"], [(2, "ref: Letters or numbers are needed")]),
    "ragged": (["A,B"], [(2, "This line has 2 cells, the first one 9.")]),
    "beyond": ([",A,,Norway,,,,,,x"], [(2, "This line has a cell without a column: “x”")]),
    "open quote": ([',A,,Norway', ',"B,,Norway', ",C,,Norway"], [(3, "A quotation mark is opened here and never")]),
    "all at once": ([",A,x,Nowhere,Zone,Hours,Day"], [(2, each) for each in ("kind", "zone", "hours", "opened", "No")]),
    "template": ([",A,,Norway,,,,,Lift"], [(2, "there is no template “Lift”")]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_LINES)
def test_a_line_that_cannot_be_is_named_with_its_number(case: str, office: Office) -> None:
    lines, expected = BAD_LINES[case]
    full = [
        line if case in ("ragged", "beyond", "open quote") else line + "," * (8 - line.count(",")) for line in lines
    ]
    full = [line + "," * (8 - line.count(",")) if case == "open quote" else line for line in full]
    before = office.table(models.locations)
    answer = office.upload("\n".join([HEAD, *full, ""]))
    said = problems(answer)
    assert answer.status_code == 400, text(answer.text)
    assert len(said) >= len(expected)
    for line, sentence in expected:
        assert any(each.startswith(f"Line {line} ") and sentence in each for each in said), said
    assert 'action="/places/import/confirm"' not in answer.text
    assert office.table(models.locations) == before


def test_thousands_of_problems_are_counted_and_the_first_told(office: Office) -> None:
    answer = office.upload("name,parent,time zone\n" + "".join(f"p{n},Nowhere {n},Zone/{n}\n" for n in range(4_000)))
    assert len(problems(answer)) == 200
    assert "And 7,800 more." in answer.text


def test_a_circle_through_places_that_are_there_is_named(office: Office) -> None:
    inner = office.add("Inner", office.add("Outer", None, kind="group", ref="OUT"), kind="group", ref="IN")
    assert inner
    answer = office.upload(sheet(["OUT", "Outer", "IN"], head="ref,name,parent"))
    assert problems(answer) == ["Line 2 It would lie in itself."]


def test_who_looks_after_a_part_brings_places_into_that_part_alone(office: Office) -> None:
    chain = office.chain
    office.add("Lund", chain.sweden, ref="SE-1")
    inger = chain.hired("inger@example.com", "Inger", ("admin", chain.norway))
    office.bring(
        sheet(["", "Norway", "group", ""], ["NO-9", "Bodø", "store", "Norway"], head="ref,name,kind,parent"), inger
    )
    assert office.rows()["Bodø"]["parent"] == "Norway"
    answer = office.upload(
        sheet(["SE-1", "Mine", "Norway"], ["", "Göteborg", "Sweden"], ["", "Top", ""], head="ref,name,parent"), inger
    )
    said = problems(answer)
    assert said == [
        "Line 2 ref: Another place of the organisation has this number already.",
        "Line 3 There is no place “Sweden” to lie in, neither in your part of the tree nor in the file.",
        "Line 4 Give the parent: only who looks after everything puts places at the top.",
    ]
    assert "Lund" not in answer.text
    for user in (chain.bjorn, chain.per):
        assert office.upload("name\nx\n", user).status_code == 403


def test_when_the_places_changed_meanwhile_nothing_is_done_unseen(office: Office) -> None:
    shown = office.upload(sheet(["Oslo", "Norway", "Europe/London"], head="name,parent,time zone"))
    with office.centre.db.writing() as tx:
        tx.execute(update(models.locations).where(models.locations.c.name == "Oslo").values(zone="Europe/Paris"))
    before = office.table(models.locations)
    again = office.confirm(shown)
    assert again.status_code == 409
    assert "The places were changed while you looked" in again.text
    assert "Europe/Paris → Europe/London" in steps(again)[0]
    assert office.table(models.locations) == before
    assert office.confirm(again).status_code == 303
    assert office.rows()["Oslo"]["time zone"] == "Europe/London"


def test_a_change_that_the_file_does_not_touch_is_in_nobodys_way(office: Office) -> None:
    shown = office.upload(sheet(["Oslo", "Norway", "Europe/London"], head="name,parent,time zone"))
    office.add("Tromsø", office.chain.norway)
    assert office.confirm(shown).status_code == 303


def test_a_file_is_kept_for_an_hour_and_for_who_brought_it(office: Office) -> None:
    shown = office.upload(sheet(["Oslo", "Norway", "Europe/London"], head="name,parent,time zone"))
    other = office.chain.hired("eve@example.com", "Eve", ("admin", None))
    assert office.confirm(shown, other).status_code == 410
    office.clock.ms += uploads.KEPT_MS
    late = office.confirm(shown)
    assert late.status_code == 410
    assert "a file is kept for an hour" in late.text
    office.chain.page("/places/import")
    assert office.table(models.uploads) == []


def test_no_file_at_all_is_said_beside_the_field(office: Office) -> None:
    browser = office.chain.browser(office.chain.astrid)
    for data in ({}, {"file": (io.BytesIO(b""), "")}, {"file": "text"}):
        answer = browser.post("/places/import", data=data, headers=OURS, content_type="multipart/form-data")
        assert answer.status_code == 400
        assert 'aria-invalid="true"' in answer.text


def test_a_machine_brings_places_with_a_key(office: Office) -> None:
    with office.centre.db.writing() as tx:
        _number, key = keys.make(tx, COMMAND, "The ERP", office.chain.norway, "import", office.clock())
        _number, reads = keys.make(tx, COMMAND, "Reads", None, "read", office.clock())
    client, content = office.chain.app.test_client(), "name;parent\nAlta;Norway\n"

    def put(query: str = "", content: str = content, key: str = key) -> TestResponse:
        headers = {"Authorization": f"Bearer {key}"}
        return client.put(f"/api/v1/places.csv{query}", data=content.encode(), headers=headers)

    count = office.count()
    dry = put("?dry_run=1").get_json()
    assert dry["counts"] == {"new": 1, "changed": 0, "moved": 0, "closed": 0, "unchanged": 0}
    assert dry["steps"][0]["what"] == ["new"]
    assert dry["done"] is False
    assert office.count() == count
    assert put().get_json()["done"] is True
    assert office.count() == count + 1
    assert put().get_json()["counts"]["unchanged"] == 1
    wrong = put(content="name,parent\nYstad,Sweden\n")
    assert (wrong.status_code, wrong.get_json()["problems"][0]["line"]) == (422, 2)
    assert put("?dry_run=perhaps").status_code == 422
    assert put(content="").get_json()["problems"] == [{"line": 0, "problem": "The file is empty."}]
    assert put(key=reads).status_code == 403
    assert put(key="sp_none").status_code == 401
    assert any(row.count("key The ERP") for row in office.table(models.audit))


def test_ten_thousand_places_come_in_at_once(office: Office) -> None:
    """Groups of groups, every parent below its places in the file; then some of them change."""
    count, some = (10_000 if office.centre.db.dialect == "sqlite" else 2_500), 500
    head, hours = "ref,name,kind,parent,time zone,opening hours", "Mo-Fr 09:00-18:00"
    shops = [[f"S{n:05}", f"Shop {n}", "store", f"G{n % 100}", "Europe/Oslo", hours] for n in range(count)]
    groups = [[f"G{n}", f"Group {n}", "group", "Norway", "", ""] for n in range(100)]
    office.bring(sheet(*shops, *groups, head=head))
    assert office.count() == count + 100 + 6
    office.bring(sheet(*([row[0], f"{row[1]} renamed"] for row in shops[:some]), head="ref,name"))
    assert sum("renamed" in name for name in office.rows()) == some
    assert office.actions().count("place added") == count + 100
    assert office.actions().count("place changed") == some
