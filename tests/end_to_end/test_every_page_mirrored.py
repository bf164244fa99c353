"""Every page of head office once more, from right to left on a telephone: see test_every_page."""

from tests.end_to_end.test_every_page import NewPage, Town, barriers, town

__all__ = ["town"]


def test_every_page_is_for_everybody_on_a_telephone_in_arabic(new_page: NewPage, town: Town) -> None:
    assert barriers(new_page, town, "ar", "phone", "light") == []
