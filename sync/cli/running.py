"""`run` and `migrate`."""

import argparse
import logging

from sync import log_lines, serving
from sync.centre import Centre, open_centre
from sync.cli import verbs
from sync.cli.verbs import OK, Verbs
from sync.config import Settings
from sync.office import links, mail, start

log = logging.getLogger(__name__)


def add(to: Verbs) -> None:
    verbs.add(to, "run", _run, "serve the pages and the terminals until told to stop; brings the database up to date")
    verbs.add(to, "migrate", _migrate, "make the database, or bring it to this version's tables, and stop")


def _run(settings: Settings, asked: argparse.Namespace) -> int:
    # The port first: a second start by mistake doesn't even open the database.
    sockets = serving.bind(settings.host, settings.port)
    try:
        from sync.app import LARGEST_BODY, create_app
        from sync.office import watch
        from sync.office.pages import briefing_letters

        centre = open_centre(settings)
        try:
            app = create_app(centre)
            print(f"Head office is at {serving.address(settings)}.", flush=True)
            _say_what_next(centre, asked)
            log_lines.to_standard_error(settings.log)
            log.info("The database is %s, and its commits last by %s.", centre.db.dialect, centre.db.journal)
            with watch.kept(centre.db, centre.now_ms), briefing_letters.sent(app, centre):
                serving.serve(app, sockets, threads=settings.threads, max_body=LARGEST_BODY,
                              proxied=settings.trusted_proxies > 0)  # fmt: skip
        finally:
            mail.finish(serving.STOP_WITHIN_S)
            centre.db.close()
    finally:
        for sock in sockets:
            sock.close()
    return OK


def _say_what_next(centre: Centre, asked: argparse.Namespace) -> None:
    """While nobody may sign in, each start prints a link for the first who does; those before it are worth nothing."""
    with centre.db.writing() as tx:
        token = start.invite_first(tx, centre.now_ms())
    if token is None:
        return
    with_config = f" --config {asked.config}" if asked.config else ""
    hours = links.FIRST_MS // links.HOUR_MS
    print(
        f"Nobody may sign in yet. Open this link in a browser to begin; it works once, for {hours} hours, until the "
        f"next start:\n{serving.address(centre.settings)}{links.PATHS['first']}{token}\n"
        f"Or without a browser: `smilepost server user add EMAIL --name NAME{with_config}` adds the first person, "
        f"`smilepost server enrol-code PLACE --new{with_config}` the first terminal.",
        flush=True,
    )


def _migrate(settings: Settings, asked: argparse.Namespace) -> int:
    centre = open_centre(settings)
    print("The database has this version's tables.")
    centre.db.close()
    return OK
