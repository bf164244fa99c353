"""`smilepost server user …`: the way back in for those who lost theirs."""

import re

import pytest
from sqlalchemy import select

from sync.centre import Centre
from sync.models import audit, recovery_codes
from sync.office import people, second, totp
from sync.office.audit import COMMAND
from sync.office.people import User
from tests.sync.conftest import Clock, Verb
from tests.sync.norway import OURS, PASSWORD, Chain

NEW = "another horse battery"


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def with_second(chain: Chain, user: int) -> None:
    with chain.centre.db.writing() as tx:
        asked = User(user, "", "", people.rights_of(tx, user))
        typed = totp.code(second.key(chain.centre.secrets, asked, "n"), totp.step_of(chain.clock()))
        assert second.put(tx, COMMAND, chain.centre.secrets, asked, "n", typed, chain.clock())


def test_the_list_says_who_may_what_and_how_it_stands(chain: Chain, verb: Verb) -> None:
    with_second(chain, chain.astrid)
    assert verb("user", "disable", "per@example.com")[0] == 0
    code, said = verb("user", "list")
    assert code == 0
    assert said.splitlines() == [
        "astrid@example.com\tAstrid\tadmin everywhere\twith a second factor",
        "bjorn@example.com\tBjørn\tviewer at Oslo\twithout a second factor",
        "per@example.com\tPer\tmanager at Malmö\tdisabled",
    ]


def test_a_link_from_the_server_leads_to_a_new_password(chain: Chain, verb: Verb) -> None:
    with_second(chain, chain.astrid)
    code, said = verb("user", "reset", " Astrid@Example.com")
    assert code == 0
    link = re.search(r"^http://127\.0\.0\.1:8320(/password/\S+)$", said, re.MULTILINE)
    assert link
    client, thief = chain.browser(), chain.browser(chain.astrid)
    # The link and the command are of the clock on the wall, the chain's own stands still long before it.
    assert client.post(link[1], data={"password": NEW}, headers=OURS).status_code == 303
    assert client.get("/").headers["Location"] == "/second"
    assert "authenticator app" in client.get("/second").get_data(as_text=True)  # the second factor is still asked for
    assert thief.get("/").headers["Location"] == "/sign-in"


def test_who_lost_the_telephone_too_sets_up_another(chain: Chain, verb: Verb) -> None:
    with_second(chain, chain.astrid)
    assert verb("user", "reset", "astrid@example.com", "--second")[0] == 0
    client = chain.browser()
    client.post("/sign-in", data={"email": "astrid@example.com", "password": PASSWORD}, headers=OURS)
    assert client.get("/second").headers["Location"] == "/second/new"
    with chain.centre.db.reading() as tx:
        assert tx.execute(select(recovery_codes)).all() == []
        noted = [(row.actor, row.action) for row in tx.execute(select(audit).order_by(audit.c.id))][1:3]
    assert noted == [
        ("the server's command line", "second factor removed"),
        ("the server's command line", "password link made"),
    ]


def test_somebody_is_shut_out_and_let_in_again(chain: Chain, verb: Verb) -> None:
    client = chain.browser(chain.bjorn)
    assert verb("user", "disable", "bjorn@example.com")[0] == 0
    assert client.get("/").headers["Location"] == "/sign-in"
    code, said = verb("user", "reset", "bjorn@example.com")
    assert (code, "enable it first" in said) == (2, True)
    assert verb("user", "enable", "bjorn@example.com")[0] == 0
    data = {"email": "bjorn@example.com", "password": PASSWORD}
    assert chain.browser().post("/sign-in", data=data, headers=OURS).status_code == 303


def test_the_last_administrator_is_not_shut_out(chain: Chain, verb: Verb) -> None:
    code, said = verb("user", "disable", "astrid@example.com")
    assert code == 2
    assert "the last administrator" in said
    assert chain.browser(chain.astrid).get("/").status_code == 200


@pytest.mark.parametrize("word", ["reset", "disable", "enable"])
def test_nobody_of_that_name_is_refused_in_a_sentence(word: str, chain: Chain, verb: Verb) -> None:
    code, said = verb("user", word, "nobody@example.com")
    assert (code, len(said.strip().splitlines())) == (2, 1)
    assert "`smilepost server user list` says who there is" in said
