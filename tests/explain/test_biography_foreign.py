"""The biography of a record that mqviz did not produce, or may have produced: what is known, and no more."""

from __future__ import annotations

from mqviz.explain.biography import biography
from mqviz.model.observed.clients.events import AssignmentReported, RecordFailed, RecordProduced, RecordSent
from mqviz.ui import panels
from tests.explain.test_biography_observed import Run
from tests.model.observed.watch import S


def test_a_record_of_somebody_else_that_nobody_read_for_us() -> None:
    run = Run()
    run.at(1).ends(t={0: 3})
    run.at(2).ends(t={0: 9})
    run.at(3).ends(t={0: 11})
    assert run.lines() == [
        "        unseen produced: not by mqviz",
        " 2.000 done   in the log: seen: P0 ended at 9",
    ]
    told = run.told()
    assert (told.key, told.seen, told.delivered) == (None, False, 0)
    assert told.verdict == "not produced by mqviz: its content was not read"


def test_what_is_known_of_it_are_the_commits_that_are_past_it() -> None:
    run = Run()
    run.ends(t={0: 9})
    run.commits("billing", t={0: 5})
    run.commits("slow", t={0: 4})
    assert run.told().verdict == ("not produced by mqviz: its content was not read; billing has committed 5")


def test_a_record_of_somebody_else_that_a_consumer_of_ours_got() -> None:
    run = Run()
    run.at(2).ends(t={0: 9})
    run.at(3).gets("c1", key="zoe")
    run.commits_to("c1", 5)
    assert run.lines() == [
        "        unseen produced: not by mqviz",
        " 2.000 done   in the log: seen: P0 ended at 9",
        " 2.000 wait   1.0 s: waits to be read in P0",
        " 3.000 done   delivered: to c1 +1000",
        " 3.000 done   committed: 5, by c1",
    ]
    told = run.told()
    assert (told.key, told.seen, told.verdict) == ("zoe", True, "once: c1 processed it and committed")


def test_our_record_that_a_foreign_member_got() -> None:
    run = Run()
    run.events = [event for event in run.events if not isinstance(event, AssignmentReported)]
    run.at(1).send(4)
    run.commits("billing", t={0: 9})
    assert run.told().verdict == "not delivered to a consumer of mqviz, but 9 is committed"
    run.commits("slow", t={0: 2})
    assert run.told().verdict == (
        "billing: not delivered to a consumer of mqviz, but 9 is committed; "
        "slow: not committed yet, and its members are not of mqviz"
    )


def test_a_record_of_ours_whose_offset_nobody_told_is_not_called_foreign() -> None:
    """acks=0, a producer killed before the answer, a timeout: the record may be in the log all the same."""
    for acks, reply in (("0", True), ("all", False)):
        run = Run(acks=acks)
        run.at(1).post(RecordSent, S, "shop", 1, "t", "alice")
        if reply:
            run.post(RecordProduced, S, "shop", 1, "t", 0, -1, "alice")
        else:
            run.post(RecordFailed, S, "shop", 1, "timed out")
        run.ends(t={0: 9})
        assert run.lines()[0] == "        unseen produced: perhaps by shop, not told an offset"
        assert run.told().verdict == "its content was not read"
        run.at(2).gets("c1", key="zoe")
        assert run.lines()[0] == "        unseen produced: not by mqviz", "it has another key than ours"


def test_the_log_is_as_long_as_it_was_seen_and_no_longer() -> None:
    run = Run()
    run.ends(t={0: 9})
    run.starts(t={0: 3})
    assert biography(run.events, "t", 0, 8) is not None
    assert biography(run.events, "t", 0, 9) is None, "behind the end"
    assert biography(run.events, "t", 0, 2) is None, "deleted"
    assert biography(run.events, "t", 1, 4) is None
    assert biography(run.events, "u", 0, 4) is None
    run.send(12)
    assert run.told(11).verdict == "not produced by mqviz: its content was not read", "ours came behind it"


# -- on the screen ---------------------------------------------------------------------------------------------


def rows(run: Run) -> list[str]:
    sheet = panels.biography_sheet(80, run.told(), ["alice"])
    return [" | ".join(span.text for span in row) for row in sheet.rows]


def test_what_nobody_saw_has_no_time_and_no_letter() -> None:
    run = Run()
    run.at(2).ends(t={0: 9})
    assert rows(run) == [
        "    | not read | t P0 offset 4 | ",
        "",
        " | ? | produced | not by mqviz",
        "2.000 | ● | in the log | seen: P0 ended at 9",
        "",
        "not produced by mqviz: its content was not read",
    ]


def test_ours_has_its_letter_and_one_line_for_what_nobody_saw() -> None:
    run = Run()
    run.at(1).send(4)
    assert rows(run) == [
        " A  | alice | t P0 offset 4 | not delivered",
        "",
        '1.000 | ● | produced | shop, key "alice" to P0',
        "1.008 | ● | acked | offset 4, told to shop | +8 ms",
        " | ? | not seen | when it was appended, copied and readable",
        "",
        "not yet: | it waits to be read",
    ]
