"""Places, or periods of one place, side by side, over HTTP. Everything stands in the address."""

from datetime import date

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.intake import sums
from sync.office import choosing, compare, compare_words, listing, local_time
from sync.office.compare import MOST
from sync.office.filters import LONGEST, Filters
from sync.office.forms import Wrong
from sync.office.history import Ends
from sync.office.tongue import _

routes = Blueprint("compare", __name__)


@routes.get("/compare")
@access.may("see", place="place")
def side_by_side() -> Response:
    here, user = centre(), access.viewer()
    problems: dict[str, str] = {}
    filters, periods = _filters(problems), _periods(problems)
    numbers = list(dict.fromkeys(request.args.getlist("place", type=int)))
    if len(numbers) > 1 and periods:
        problems["period"] = _("Several places are compared in the same days, and several periods of one place alone.")
        periods = []
    if max(len(numbers), len(periods)) > MOST:
        problems["place"] = _("At most {most} are compared at once: these are the first.").format(most=MOST)
    sought = listing.sought(request.args.get("search"))
    sums.fold(here.db, here.now_ms())
    with here.db.reading() as tx:
        found = compare.compare(tx, user, numbers, periods, filters, here.now_ms())
        offers = choosing.offers(tx, user.rights, "see", sought) if not found.by_period else None
    added = _added(problems)
    if added is not None and found.series and len(numbers) == 1:
        own = found.series[0].window
        known = periods or [(own.first, own.last)]
        return redirect(compare_words.address(found, numbers, [*known, added]), code=303)
    page = render_template(
        "office/compare.html", found=found, offers=offers, sought=sought, problems=problems, most=MOST,
        filters=filters,
    )  # fmt: skip
    return make_response(page, 400 if problems else 200)


def _filters(problems: dict[str, str]) -> Filters:
    try:
        return Filters.read(request.args)
    except Wrong as wrong:
        problems |= wrong.fields
        return Filters()


def _periods(problems: dict[str, str]) -> list[Ends]:
    """As they stand in the address: 2026-10-01..2026-10-28."""
    found = []
    for text in request.args.getlist("period"):
        first, _dots, last = text.partition("..")
        ends = _ends(first, last)
        if ends is None:
            said = _("A period is written like 2026-10-01..2026-10-28, and is at most {most} days long.")
            problems["period"] = said.format(most=LONGEST)
        else:
            found.append(ends)
    return list(dict.fromkeys(found))


def _added(problems: dict[str, str]) -> Ends | None:
    """A period that somebody typed, to be added to the others."""
    first, last = request.args.get("first"), request.args.get("last")
    if not first and not last:
        return None
    ends = _ends(first or "", last or "")
    if ends is None:
        problems["first"] = _("Give the first and the last day of a period, at most {most} days.").format(most=LONGEST)
    return ends


def _ends(first: str, last: str) -> Ends | None:
    try:
        ends = tuple(local_time.day_number(date.fromisoformat(each)) for each in (first, last))
    except ValueError:
        return None
    return (ends[0], ends[1]) if 0 <= ends[1] - ends[0] < LONGEST else None
