"""Which passwords are good enough."""

import pytest
from argon2 import PasswordHasher

from sync.office import passwords

KNOWN = ("astrid.berg@example.com", "Astrid Berg", "Nordic Coffee")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "zebra-lamp-quarry",
        "ten letter",
        "åäöåäöåäöx1",
        "x" * 5 + "y" * 5 + "z",
        "密码密钥鑰匙密碼強大a",
    ],
)
def test_length_is_enough_whatever_it_is_made_of(password: str) -> None:
    assert passwords.problem(password, KNOWN) is None


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("too short", "10 to 200 characters, not 9"),
        ("x" * 201, "not 201"),
        ("0123456789\n", "no line breaks"),
        ("zebra\N{RIGHT-TO-LEFT OVERRIDE}lamp quarry", "no line breaks"),
        ("1234567890", "anybody would try"),
        ("1Q2W3E4R5T", "anybody would try"),
        ("aaaaaaaaaaaa", "anybody would try"),
        ("abababababab", "anybody would try"),
        ("Astrid Berg", "a name or an address"),
        ("astridberg1987", "a name or an address"),
        ("Astrid.Berg@Example.com", "a name or an address"),
        ("nordic-coffee!", "a name or an address"),
    ],
)
def test_what_anybody_would_try_is_refused_in_a_sentence(password: str, words: str) -> None:
    problem = passwords.problem(password, KNOWN)
    assert problem
    assert words in problem
    assert password not in problem


def test_every_common_password_is_long_enough_to_be_tried_and_refused() -> None:
    common = passwords.COMMON.read_text("utf-8").split("\n")
    assert len(common) > 1_000
    assert [each for each in common if each and passwords.problem(each.upper()) is None and each.isascii()] == []


def test_nobody_is_refused_for_having_no_name() -> None:
    assert passwords.problem("!?!?!?-.-.-.", ("", "@", "1990")) is None


def test_a_keyboard_that_types_an_accent_apart_opens_too() -> None:
    assert passwords.verify(passwords.hashed("caf\u00e9 au lait"), "cafe\u0301 au lait")
    assert not passwords.verify(passwords.hashed("caf\u00e9 au lait"), "cafe au lait")


def test_a_hash_that_was_cheaper_is_known() -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("correct horse battery")
    assert passwords.is_outdated(cheap)
    assert passwords.verify(cheap, "correct horse battery")
    assert not passwords.is_outdated(passwords.hashed("correct horse battery"))
    assert not passwords.verify("no hash", "correct horse battery")
