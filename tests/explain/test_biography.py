"""The biography of a record: its stations, and the sentence why it was delivered so often."""

from __future__ import annotations

from mqviz.explain.biography import biography
from mqviz.facts.views import Biography
from tests.sim.kafka.worlds import MS, S, run
from tests.sim.worlds import Run

TOPIC = "create topic t partitions=1 replication_factor=3"
READER = "group=g topic=t auto_offset_reset=earliest"


def told(watched: Run, offset: int, partition: int = 0) -> Biography:
    found = biography(watched.log, "t", partition, offset)
    assert found is not None
    return found


def stations(found: Biography) -> list[str]:
    return [station.what for station in found.stations]


def crashed() -> Run:
    """c1 works on offsets 0 to 3 and dies when it has done two of them; c2 is idle until it is missed."""
    watched = run(
        TOPIC,
        "add producer p topic=t rate=0/s",
        f"add consumer c1 {READER} processing=400ms",
        f"add consumer c2 {READER} processing=800ms",
    ).to(2 * S)
    watched.do("send record p key=alice", "send record p key=bob count=3").to(2_900 * MS)
    return watched.do("kill consumer c1").to(60 * S)


def test_once() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s", f"add consumer c1 {READER} processing=400ms").to(
        2 * S
    )
    watched.do("send record p key=alice").to(4 * S)
    found = told(watched, 0)
    assert stations(found) == [
        "produced",
        "appended",
        "readable",
        "acked",
        "delivered",
        "processed",
        "committed",
    ]
    assert [station.detail for station in found.stations] == [
        'p, key "alice" to P0',
        "broker 1, epoch 0",
        "2 and 3 have it, watermark 1",
        "p knows it is safe",
        "to c1",
        "by c1",
        "1, by c1",
    ]
    assert [s.after_us for s in found.stations] == [None, 6_200, 2_200, 1_000, 0, 400_000, 3_000]
    assert (found.key, found.delivered) == ("alice", 1)
    assert found.verdict == "once: c1 processed it and committed"


def test_twice_because_it_was_processed_and_not_committed() -> None:
    found = told(crashed(), 1)
    assert found.delivered == 2
    assert found.verdict == (
        "twice, because c1 processed it but had committed nothing; c2 starts at 0, the earliest record"
    )
    bad = [station for station in found.stations if station.sign == "bad"]
    assert [(station.what, station.detail) for station in bad] == [("c1 dies", "before it commits 2")]
    second = [station for station in found.stations if station.what == "delivered"][1]
    assert (second.sign, second.detail) == ("wait", "to c2, from earliest 0  ×2")
    wait = next(station for station in found.stations if station.detail == "nobody reads P0")
    assert (wait.sign, wait.at_us) == ("wait", bad[0].at_us)
    assert wait.what == f"{round((second.at_us - bad[0].at_us) / S)} s"


def test_twice_and_begun_where_the_last_commit_says() -> None:
    watched = run(
        TOPIC,
        "add producer p topic=t rate=0/s",
        f"add consumer c1 {READER} processing=400ms max_poll_records=2",
        f"add consumer c2 {READER} processing=1ms",
    ).to(2 * S)
    watched.do("send record p count=4").to(3_300 * MS).do("kill consumer c1").to(60 * S)
    assert told(watched, 1).verdict == "once: c1 processed it and committed"
    assert told(watched, 2).verdict == (
        "twice, because c1 processed it but had committed only 2; c2 starts where the last commit says: at 2"
    )
    assert told(watched, 3).verdict.startswith("twice, because c1 had it in hand")


def test_twice_because_it_was_in_hand() -> None:
    assert "because c1 had it in hand" in told(crashed(), 3).verdict


def test_not_yet_and_never() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s").do("send record p count=2").to(6_300)
    assert told(watched, 0).verdict == "not readable yet: not on every in-sync replica"
    watched.to(S)
    assert told(watched, 0).verdict == "nobody has asked for it yet"
    assert biography(watched.log, "t", 0, 2) is None
    watched.do("add consumer late group=h topic=t processing=1ms").to(3 * S)
    assert told(watched, 0).verdict == "not yet, and never will be: the group began at 2"
    watched.do("send record p").to(4 * S)
    assert told(watched, 2).delivered == 1


def test_two_groups_each_have_their_own_sentence() -> None:
    watched = run(
        TOPIC,
        "add producer p topic=t rate=0/s",
        f"add consumer c1 {READER} processing=1ms",
        "add consumer a1 group=h topic=t auto_offset_reset=earliest processing=9s",
    ).to(2 * S)
    watched.do("send record p").to(4 * S)
    found = told(watched, 0)
    assert found.delivered == 2
    assert found.verdict == (
        "g: once: c1 processed it and committed; h: once: a1 has not committed it yet, so it may come again"
    )
    assert "to a1 (h)" in [station.detail for station in found.stations]


def test_a_record_inside_a_batch_finds_its_own_send() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s linger=1s").do("send record p key=a").to(200 * MS)
    watched.do("send record p key=b").to(5 * S)
    assert [told(watched, offset).stations[0].at_us for offset in (0, 1)] == [0, 200 * MS]
    assert [told(watched, offset).key for offset in (0, 1)] == ["a", "b"]


def test_a_long_wait_for_a_reader_is_a_line() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s").do("send record p").to(20 * S)
    watched.do(f"add consumer c1 {READER} processing=1ms").to(30 * S)
    waits = [station for station in told(watched, 0).stations if station.sign == "wait"]
    assert [(station.what, station.detail) for station in waits] == [("20 s", "waits to be read in P0")]


def test_r86_committed_before_the_work_and_never_done() -> None:
    source, reader = (
        "add producer p topic=t rate=0/s",
        f"add consumer c1 {READER} processing=400ms commit=before",
    )
    watched = run(TOPIC, source, reader).to(2 * S).do("send record p key=alice count=3").to(2_600 * MS)
    assert told(watched, 2).verdict == ("once: c1 committed it before its work; a crash now would lose it")
    watched.do("kill consumer c1", f"add consumer c2 {READER} commit=before").to(60 * S)
    assert told(watched, 0).verdict == "once: c1 processed it and committed"
    assert told(watched, 2).verdict == "once, and never done: c1 committed it before its work and died"
    assert stations(told(watched, 2))[-1] == "c1 dies"


def test_r86_done_before_and_recognised() -> None:
    source, reader = "add producer p topic=t rate=0/s", f"{READER} processing=400ms commit=dedupe"
    watched = run(TOPIC, source, f"add consumer c1 {reader}").to(2 * S)
    watched.do("send record p key=alice count=3").to(2_600 * MS)
    watched.do("kill consumer c1", f"add consumer c2 {reader}").to(60 * S)
    found = told(watched, 0)
    assert found.verdict.endswith("; c2 recognised it, so it was done once")
    assert stations(found)[-2:] == ["passed over", "committed"]
