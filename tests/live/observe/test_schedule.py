from mqviz.live.observe.schedule import SECOND_US, Schedule


def refreshed(schedule: Schedule, groups: list[str], seconds: int) -> dict[str, list[int]]:
    """When each group was due, in seconds, with a beat every two seconds."""
    times: dict[str, list[int]] = {name: [] for name in groups}
    for second in range(0, seconds, 2):
        for name in schedule.due_groups(groups, second * SECOND_US):
            times[name].append(second)
    return times


def test_everything_is_due_at_first() -> None:
    schedule = Schedule()
    schedule.look("a", ["b"])
    assert schedule.due_groups("abc", 0) == ["a", "b", "c"]
    assert schedule.is_due("cluster", 5 * SECOND_US, 0)


def test_the_focus_is_due_every_beat_the_visible_every_five_seconds_and_the_rest_in_turn() -> None:
    groups = ["focus", "seen", *(f"rest {n}" for n in range(60))]
    schedule = Schedule()
    schedule.look("focus", ["focus", "seen"])
    times = refreshed(schedule, groups, 62)
    assert times["focus"] == list(range(0, 62, 2))
    assert times["seen"][:5] == [0, 4, 8, 12, 16]
    rest = [times[name] for name in groups[2:]]
    assert all(len(at) in (2, 3) for at in rest)
    per_beat = [sum(second in at for at in rest) for second in range(6, 62, 2)]
    assert max(per_beat) - min(per_beat) <= 1


def test_without_a_screen_every_beat_reads_everything() -> None:
    assert refreshed(Schedule(), ["a", "b"], 6) == {"a": [0, 2, 4], "b": [0, 2, 4]}


def test_a_few_that_are_not_on_screen_are_not_read_more_often_than_the_visible() -> None:
    schedule = Schedule()
    schedule.look(None, [])
    assert refreshed(schedule, ["a"], 20) == {"a": [0, 6, 12, 18]}


def test_what_comes_into_focus_is_due_at_once() -> None:
    schedule = Schedule()
    schedule.look("a", [])
    schedule.due_groups(["a", "b"], 0)
    schedule.look("b", [])
    assert schedule.due_groups(["a", "b"], SECOND_US // 10) == ["b"]


def test_a_beat_that_comes_a_little_early_puts_nothing_off() -> None:
    schedule = Schedule()
    assert schedule.is_due("members", 10 * SECOND_US, 0)
    assert not schedule.is_due("members", 10 * SECOND_US, 8 * SECOND_US)
    assert schedule.is_due("members", 10 * SECOND_US, 10 * SECOND_US - 5_000)


def test_hurrying_makes_things_due() -> None:
    schedule = Schedule()
    schedule.is_due("cluster", 5 * SECOND_US, 0)
    schedule.due_groups(["a"], 0)
    schedule.hurry("cluster")
    assert schedule.is_due("cluster", 5 * SECOND_US, 1)
    schedule.forget()
    assert schedule.is_due("cluster", 5 * SECOND_US, 2)
    assert schedule.due_groups(["a"], 2) == ["a"]
