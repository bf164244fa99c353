"""Whatever a crew's days are like: what is new on its page was written by somebody of five or more whose answers were
never told before."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from sync.intake.atoms import GATHERED
from sync.office.word_groups import Waiting, tell


@dataclass
class Door:
    """One customer's answer, as it counts now."""

    day: int
    worded: bool
    aside: bool = False
    told_words: bool = False
    told: bool = False


class Crew:
    """What the centre remembers of a crew's answers, beside what truly is."""

    def __init__(self) -> None:
        self.doors: list[Door] = []
        self.wordless: dict[int, int] = {}
        self.unsteady: set[int] = set()
        self.moved: Counter[int] = Counter()

    def over(self, door: Door, today: int) -> None:
        """A day that is over is no longer what it was."""
        if door.day < today:
            self.unsteady.add(door.day)

    def briefing(self, today: int) -> list[list[Door]]:
        """The groups that this morning adds: every answer of their days that counts and was never told."""
        telling = tell(self.waiting(today), self.wordless, today)
        self.wordless |= telling.wordless
        added = []
        for days in telling.groups.values():
            fresh = [each for each in self.doors if each.day in days and not each.aside]
            added.append([each for each in fresh if not each.told])
            for each in fresh:
                each.told, each.told_words = True, each.told_words or each.worded
        return added

    def waiting(self, today: int) -> dict[int, Waiting]:
        found = {}
        for day in {each.day for each in self.doors if today - GATHERED <= each.day < today}:
            here = [each for each in self.doors if each.day == day and not each.aside]
            fresh = sum(each.worded and not each.told_words for each in here)
            wordless = sum(not each.worded and not each.told_words for each in here)
            found[day] = Waiting(fresh, wordless, self.moved[day], day not in self.unsteady)
        return found


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(("answer", "answer", "answer", "morning", "morning", "flag", "write", "erase", "date")),
        st.integers(0, 7),
        st.integers(0, 60),
        st.booleans(),
    ),
    max_size=60,
)


@given(EVENTS)
def test_what_is_new_comes_from_five_who_were_never_told(events: Iterable[tuple[str, int, int, bool]]) -> None:
    crew, today = Crew(), 100
    for what, many, which, flag in events:
        if what == "answer":
            crew.doors += [Door(today - (which % 4), flag or n % 2 == 0) for n in range(many)]
        elif what == "morning":
            today += 1
            for group in crew.briefing(today):
                assert len(group) >= 5
        elif crew.doors:
            door = crew.doors[which % len(crew.doors)]
            crew.over(door, today)
            if what == "flag":
                door.aside = not door.aside
            elif what == "write":
                door.worded = True
            elif what == "erase":
                door.worded = False
            else:
                door.day += 1 if flag else -1
                crew.over(door, today)
                crew.moved[door.day] += 1


def test_a_day_with_enough_speaks_for_itself_and_fewer_wait() -> None:
    first = tell({100: Waiting(1, 2), 101: Waiting(3, 3)}, {}, 102)
    assert first.groups == {101: [101]}
    second = tell({100: Waiting(1, 2), 101: Waiting(0, 3), 102: Waiting(2, 0)}, first.wordless, 103)
    assert second.groups == {102: [100, 102]}


def test_what_came_late_waits_for_others_too() -> None:
    first = tell({100: Waiting(3, 3)}, {}, 101)
    assert tell({100: Waiting(1, 4), 101: Waiting(0, 2)}, first.wordless, 102).groups == {}
    assert tell({100: Waiting(1, 4), 101: Waiting(2, 1)}, first.wordless, 102).groups == {101: [100, 101]}


def test_nothing_waits_for_longer_than_four_weeks() -> None:
    assert tell({100: Waiting(2, 2), 100 + GATHERED: Waiting(1, 0)}, {}, 101 + GATHERED).groups == {}
