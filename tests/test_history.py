"""History: checkpoints stay within their budget, thinning keeps every window's last value."""

from mqviz.history import History
from mqviz.model.apply import apply
from mqviz.model.event import APPLY, Event, applies
from mqviz.model.state import State
from tests.worlds import player


class Seen(Event, frozen=True):
    """A value that replaces the one before (only in this test)."""

    what: str
    value: int

    def thin_key(self) -> str | None:
        return self.what or None


if Seen not in APPLY:

    @applies(Seen)
    def _seen(state: State, event: Seen) -> None:
        state.commands.given = event.value


def log(count: int) -> list[Event]:
    return [Seen(i + 1, i * 1_000, 0, ("a", "b", "")[i % 3], i) for i in range(count)]


def test_checkpoints_stay_within_their_budget_by_doubling_their_distance() -> None:
    history = History(budget=20_000)
    branch = history.branches[0]
    branch.every = 10
    state = State()
    for event in log(2_000):
        apply(state, event)
        history.append(branch, [event])
        if history.due(branch):
            history.checkpoint(branch, state, event.at_us + 1, b"x" * 100)
    assert history.checkpoint_bytes(branch) <= 20_000
    assert branch.every > 10
    for index in (0, 1, 777, 1_999, 2_000):
        again = State()
        for event in branch.events[:index]:
            apply(again, event)
        assert history.state_after(branch, index) == again


def test_thinning_keeps_the_last_value_a_window_and_everything_without_a_key() -> None:
    history = History()
    branch = history.branches[0]
    events = log(900)
    history.append(branch, events)
    gone = history.thin(branch, keep=300, window_us=100_000)
    assert gone > 0
    assert branch.thinned == gone
    assert len(branch.events) == 900 - gone
    old = [e for e in branch.events if e.at_us < 600_000]
    assert [e for e in old if e.thin_key() is None] == [e for e in events[:600] if e.thin_key() is None]
    for window in range(6):
        for key in "ab":
            last = [e for e in events[:600] if e.at_us // 100_000 == window and e.thin_key() == key][-1]
            assert last in branch.events
    assert branch.events[-300:] == events[600:]
    assert branch.times == [e.at_us for e in branch.events]


def test_an_endless_run_is_made_to_fit_and_its_newest_half_stays_whole() -> None:
    history = History()
    branch = history.branches[0]
    events = log(9_000)
    history.append(branch, events)
    branch.size = 9_000
    assert history.fit(branch, most=5_000, window_us=1_000)
    assert branch.size == len(branch.events) <= 5_000
    assert branch.events[-2_500:] == events[-2_500:]
    unnamed = [e for e in events if e.thin_key() is None]
    assert [e for e in branch.events if e.thin_key() is None] == unnamed
    before = list(branch.events)
    assert not history.fit(branch, most=5_000, window_us=1_000)
    assert branch.events == before


def test_thinning_moves_the_checkpoints_that_stay() -> None:
    history = History()
    branch = history.branches[0]
    branch.every = 100
    state = State()
    for event in log(900):
        apply(state, event)
        history.append(branch, [event])
        if history.due(branch):
            history.checkpoint(branch, state, event.at_us + 1, None)
    before = history.state_after(branch, 900)
    gone = history.thin(branch, keep=300, window_us=100_000)
    assert history.state_after(branch, 900 - gone) == before


def test_a_simulated_run_is_never_thinned() -> None:
    made = player()
    made.seek(20_000_000)
    assert all(event.thin_key() is None for event in made.branch.events)
