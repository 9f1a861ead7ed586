import threading

from mqviz.live.observe.journal import Journal
from mqviz.model.observed.events import BrokerBack


class Clock:
    now_ns = 5_000_000

    def __call__(self) -> int:
        return self.now_ns


def test_time_begins_at_zero_and_ids_at_one() -> None:
    clock = Clock()
    journal = Journal(clock)
    journal.post(BrokerBack, 0, 7)
    clock.now_ns += 3_000_000
    journal.post(BrokerBack, 0, 8, cause=1)
    assert journal.take(10_000, 99) == ([BrokerBack(1, 0, 0, 0, 7), BrokerBack(2, 3000, 1, 0, 8)], 10_000)
    assert journal.at_us(clock.now_ns // 1000) == 3000


def test_an_event_is_never_earlier_than_what_was_taken_or_posted_before() -> None:
    clock = Clock()
    journal = Journal(clock)
    journal.take(9_000, 99)
    journal.post(BrokerBack, 0, 1, at_us=5_000)
    journal.post(BrokerBack, 0, 2, at_us=12_000)
    journal.post(BrokerBack, 0, 3, at_us=11_000)
    assert [event.at_us for event in journal.take(99_000, 99)[0]] == [9_000, 12_000, 12_000]


def test_any_chunking_gives_the_same_events_and_a_limit_stops_between_instants() -> None:
    def filled() -> Journal:
        journal = Journal(Clock())
        for number, at_us in enumerate([1, 1, 2, 5, 5, 5, 9]):
            journal.post(BrokerBack, 0, number, at_us=at_us)
        return journal

    journal = filled()
    taken, now_us = journal.take(10, 1)
    assert [event.broker for event in taken] == [0, 1]
    assert now_us == 2
    assert [event.broker for event in journal.take(5, 99)[0]] == [2]
    taken, now_us = journal.take(20, 2)
    assert [event.broker for event in taken] == [3, 4, 5]
    assert now_us == 9
    whole = filled().take(10, 99)[0]
    parts = filled()
    assert [event for until in range(12) for event in parts.take(until, 1)[0]] == whole


def test_many_threads_post_numbers_without_a_gap_in_the_order_of_time() -> None:
    journal = Journal()
    threads = [
        threading.Thread(target=lambda: [journal.post(BrokerBack, 0, 0) for _ in range(200)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = journal.take_all()
    assert [event.id for event in events] == list(range(1, 801))
    assert [event.at_us for event in events] == sorted(event.at_us for event in events)
