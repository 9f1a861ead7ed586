"""From reports of children to events: order, flights between known ends, causes, names, repeated errors."""

from mqviz.live.drive import processes
from mqviz.live.drive.child import protocol
from mqviz.live.drive.events import EventLog, EventWriter
from mqviz.live.drive.names import Known, Lens
from mqviz.live.drive.plan import Names
from mqviz.model.command.consumer import AddConsumer
from mqviz.model.command.producer import AddProducer
from mqviz.model.event import Event
from mqviz.model.observed.clients import events as clients_events
from mqviz.model.observed.events import (
    CommitsSeen,
    EndsSeen,
    GroupCommits,
    GroupListed,
    GroupSeen,
    GroupsListed,
    RefreshEnded,
    TopicsSeen,
    WatchBegan,
)
from mqviz.model.observed.state import SeenMember

ZERO = 1_000_000
REAL = "mqviz.ab12cd.orders"


def writer() -> tuple[EventWriter, EventLog]:
    """With both clients started, which were events 1 and 2."""
    log = EventLog()
    made = EventWriter(log, Names("ab12cd"), Known(), ZERO)
    made.expected["p1"] = AddProducer("p1", "orders")
    made.expected["c1"] = AddConsumer("c1", "billing", "orders")
    for name in made.expected:
        made.receive(name, processes.Spawned(ZERO - 1, 99, False))
        made.emit_next()
    started, log.events = log.events, []
    assert [type(event).__name__ for event in started] == ["ProducerStarted", "ConsumerStarted"]
    return made, log


def tell(*reports: tuple[str, protocol.Report]) -> list[Event]:
    made, log = writer()
    for name, report in reports:
        made.receive(name, report)
    while made.next_us() is not None:
        made.emit_next()
    return log.events


def at(us: int) -> int:
    return ZERO + us


def test_a_record_is_sent_with_the_place_and_time_at_which_it_arrives() -> None:
    sent, produced = tell(
        ("p1", protocol.Sent(at(10), 1, "a")),
        ("p1", protocol.Produced(at(30), 1, "a", REAL, 2, 5, at(10))),
    )
    assert sent == clients_events.RecordSent(3, 10, 0, 10, "p1", 1, "orders", "a", 2, 30)
    assert produced == clients_events.RecordProduced(4, 30, 3, 10, "p1", 1, "orders", 2, 5, "a")


def test_a_record_whose_answer_takes_longer_than_a_beat_is_told_without_its_end() -> None:
    (sent,) = tell(("p1", protocol.Sent(at(10), 1, None)))
    assert sent == clients_events.RecordSent(3, 10, 0, 10, "p1", 1, "orders", None, -1, 0)


def test_reports_of_several_processes_come_in_the_order_of_time_with_their_causes() -> None:
    events = tell(
        ("c1", protocol.Delivered(at(40), REAL, 2, 5, "a", 9)),
        ("c1", protocol.Processed(at(50), REAL, 2, 5)),
        ("c1", protocol.Committed(at(60), ((REAL, 2, 6),), "")),
        ("p1", protocol.Sent(at(10), 1, "a")),
        ("p1", protocol.Produced(at(30), 1, "a", REAL, 2, 5, at(10))),
    )
    kinds = [type(event).__name__ for event in events]
    assert kinds == ["RecordSent", "RecordProduced", "RecordDelivered", "RecordProcessed", "CommitMade"]
    assert [event.cause for event in events] == [0, 3, 4, 5, 6]


def test_a_record_that_was_read_before_its_producer_heard_is_in_the_log_first() -> None:
    events = tell(
        ("p1", protocol.Sent(at(10), 1, "a")),
        ("c1", protocol.Delivered(at(28), REAL, 2, 5, "a", 9)),
        ("p1", protocol.Produced(at(30), 1, "a", REAL, 2, 5, at(10))),
    )
    assert [(type(event).__name__, event.at_us) for event in events[1:]] == [
        ("RecordProduced", 28),
        ("RecordDelivered", 28),
    ]
    assert events[2].cause == events[1].id


def test_an_assignment_is_told_whole_and_names_the_command_that_moved_the_group() -> None:
    made, log = writer()
    made.causes.group["billing"] = 77
    made.receive("c1", protocol.Revoked(at(5), ((REAL, 0),), ((REAL, 1),), False))
    made.receive("c1", protocol.Assigned(at(6), ((REAL, 2),), ((REAL, 1), (REAL, 2))))
    made.emit_next()
    made.emit_next()
    assert log.events == [
        clients_events.AssignmentReported(3, 5, 77, 5, "c1", (("orders", 1),), False),
        clients_events.AssignmentReported(4, 6, 77, 6, "c1", (("orders", 1), ("orders", 2)), True),
    ]


def test_a_death_is_a_notice_that_says_whether_the_client_is_started_again() -> None:
    ended, notice = tell(
        ("c1", processes.Ended(at(5), "died", "its process ended with signal SIGABRT", True))
    )
    assert ended == clients_events.ClientEnded(
        3, 5, 0, 5, "c1", "died", "its process ended with signal SIGABRT"
    )
    assert isinstance(notice, clients_events.ClientNotice)
    assert notice.text == "its process ended with signal SIGABRT; it is started again"


def test_the_same_error_is_told_once_in_ten_seconds() -> None:
    errors = [("p1", protocol.Failed(at(n * 50_000), "_TRANSPORT", "refused", False)) for n in range(220)]
    events = tell(*errors, ("c1", protocol.Failed(at(1), "_TRANSPORT", "refused", False)))
    assert [(event.at_us) for event in events] == [0, 1, 10_000_000]


def test_a_refused_commit_is_a_notice_and_no_commit() -> None:
    (notice,) = tell(("c1", protocol.Committed(at(5), ((REAL, 2, 6),), "ILLEGAL_GENERATION")))
    assert isinstance(notice, clients_events.ClientNotice)
    assert "ILLEGAL_GENERATION" in notice.text


def lens(known: Known | None = None) -> Lens:
    return Lens(Names("ab12cd"), known or Known())


def test_the_lens_shows_only_what_the_run_made_under_plain_names() -> None:
    group = "mqviz.ab12cd.billing"
    member = SeenMember("id", "c1", assignment={REAL: (0, 1), "secrets": (0,)})
    seen = GroupSeen(1, 2, 0, 1, group, "classic", "Stable", 1, None, "range", (member,))
    shown = lens().through(seen)
    assert isinstance(shown, GroupSeen)
    assert shown.group == "billing"
    assert shown.members[0].assignment == {"orders": (0, 1)}
    listed = GroupsListed(
        1, 2, 0, 1, 1, {group: GroupListed("classic", "Stable"), "other": GroupListed("classic", "Stable")}
    )
    shown = lens().through(listed)
    assert isinstance(shown, GroupsListed)
    assert list(shown.groups) == ["billing"]
    assert lens().through(RefreshEnded(1, 2, 0, 1, 1, 1, 1, (group, "other"))) == RefreshEnded(
        1, 2, 0, 1, 1, 1, 1, ("billing",)
    )


def test_what_is_not_of_the_run_is_no_event() -> None:
    others = [
        TopicsSeen(1, 2, 0, 1, {}, ("secrets",)),
        EndsSeen(1, 2, 0, 1, 1, {"secrets": {0: 5}}),
        CommitsSeen(1, 2, 0, 1, 1, {"other": GroupCommits({"secrets": {0: 5}})}),
        GroupSeen(1, 2, 0, 1, "other", "classic", "Stable", 1, None, "range", ()),
        GroupsListed(1, 2, 0, 1, 1, {"other": GroupListed("classic", "Stable")}),
        WatchBegan(1, 2, 0, 1, "x:1"),
    ]
    assert [lens().through(event) for event in others] == [None] * len(others)


def test_an_answer_older_than_what_a_client_reported_is_left_out() -> None:
    known = Known()
    known.end("orders", 0, 9)
    known.commit("billing", "orders", 0, 7)
    ends = lens(known).through(EndsSeen(1, 2, 0, 1, 1, {REAL: {0: 8, 1: 3}}))
    assert isinstance(ends, EndsSeen)
    assert ends.ends == {"orders": {1: 3}}
    commits = CommitsSeen(1, 2, 0, 1, 1, {"mqviz.ab12cd.billing": GroupCommits({REAL: {0: 6, 1: 2}})})
    shown = lens(known).through(commits)
    assert isinstance(shown, CommitsSeen)
    assert shown.groups["billing"].offsets == {"orders": {1: 2}}
