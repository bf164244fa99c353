"""What people see and send, over HTTP: a room for each subject. Each route asks its subject one question, or has it do
one thing, and draws the answer."""

from flask import Blueprint
from flask.blueprints import BlueprintSetupState

from sync import speaking
from sync.i18n import direction, mark, own_name
from sync.office import (
    attention_words,
    charts,
    compare_words,
    counts,
    device_words,
    faces,
    flag_words,
    location_words,
    overview_words,
    ranking_words,
    staff_words,
    standing_words,
    table_charts,
    tongue,
    wall_words,
    words,
)
from sync.office.pages import (
    account,
    audit,
    comments,
    compare,
    devices,
    doors,
    exporting,
    files,
    flags,
    frame,
    improvements,
    inviting,
    keeping,
    keys,
    letters,
    links,
    location,
    machines,
    moderation,
    overview,
    pairing,
    people,
    places,
    preview,
    publishing,
    ranking,
    schedules,
    screens,
    second,
    settings,
    start,
    surveys,
    templates,
    themes,
    touchpoints,
    walls,
    why,
)
from sync.scores import ENOUGH

routes = Blueprint("office", __name__)
for _room in (
    account,
    audit,
    comments,
    compare,
    devices,
    doors,
    exporting,
    files,
    flags,
    improvements,
    inviting,
    keeping,
    keys,
    links,
    location,
    machines,
    moderation,
    overview,
    pairing,
    people,
    places,
    preview,
    publishing,
    ranking,
    schedules,
    screens,
    settings,
    second,
    start,
    surveys,
    templates,
    themes,
    touchpoints,
    walls,
    why,
):
    routes.register_blueprint(_room.routes)


ROOMS = [
    ("/", mark("Overview"), "see"),
    ("/ranking", mark("Ranking"), "see"),
    ("/comments", mark("Comments"), "responses"),
    ("/places", mark("Places"), "see"),
    ("/devices", mark("Terminals"), "see"),
    ("/surveys", mark("Surveys"), "see"),
    ("/people", mark("People"), "people"),
    ("/audit", mark("Log"), "audit"),
]
"""What the head of each page leads to: an address, its name, and the permission without which nobody sees it."""


@routes.record_once
def _give_templates_their_pens(state: BlueprintSetupState) -> None:
    """What every template of the office draws with, macros too."""
    state.app.jinja_env.globals.update(
        words=words,
        overview_words=overview_words,
        attention_words=attention_words,
        ranking_words=ranking_words,
        table_charts=table_charts,
        device_words=device_words,
        staff_words=staff_words,
        standing_words=standing_words,
        flag_words=flag_words,
        wall_words=wall_words,
        charts=charts,
        compare_words=compare_words,
        location_words=location_words,
        faces=faces,
        PERIOD=counts.PERIOD,
        ENOUGH=ENOUGH,
        tongue=tongue,
        rooms=ROOMS,
        room_of=frame.room_of,
        set_up_card=start.card,
        mail_trouble=letters.trouble,
        printed=frame.printed,
        tongues=speaking.choices,
        _=tongue._,
        ngettext=tongue.ngettext,
        filled=tongue.filled,
        own_name=own_name,
        direction=direction,
    )
