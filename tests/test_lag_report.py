"""Lag as text and JSON: Kafka's columns, sums over what is known, and every reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mqviz import lag_report
from mqviz.model.observed.events import BrokerLost, ConnectionLost, GroupHidden, GroupListed, GroupsListed
from tests.model.observed.watch import Watch, flow, member


def cluster() -> Watch:
    watch = Watch()
    watch.topic("orders", 3)
    watch.topic("mails", 2)
    watch.group("billing", member("c-1", orders=(0, 1)), member("c-2", orders=(2,)), kind="consumer", epoch=4)
    watch.starts(orders={0: 0, 1: 0, 2: 0}, mails={0: 50, 1: 2})
    flow(
        watch, "billing", "orders", dict.fromkeys(range(3), (300, 260)), dict.fromkeys(range(3), (20, 20)), 20
    )
    watch.group("mailer", member("m-1", mails=(0, 1)))
    watch.commits("mailer", mails={0: 20})
    watch.ends(mails={0: 120, 1: 9})
    watch.beat("mailer")
    watch.post(
        GroupsListed, 0, 1, {"closed": GroupListed(None, "Stable"), "s": GroupListed("share", "Stable")}
    )
    watch.post(GroupHidden, 0, "closed", "both", "no right to read this group")
    return watch


def test_the_table_has_the_columns_of_kafkas_own_tool() -> None:
    assert lag_report.table(cluster().state, ["billing"]) == (
        "GROUP    TOPIC   PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG  CONSUMER-ID  HOST       CLIENT-ID\n"
        "billing  orders          0             660             700   40  c-1-0af1     /10.0.0.1  c-1\n"
        "billing  orders          1             660             700   40  c-1-0af1     /10.0.0.1  c-1\n"
        "billing  orders          2             660             700   40  c-2-0af1     /10.0.0.1  c-2\n"
        "billing: lag 120 over 3 of 3 partitions; OK: lag steady\n"
        "\n"
        "1 other group not shown (share)\n"
    )


def test_no_commit_and_deleted_records_are_told_below() -> None:
    text = lag_report.table(cluster().state, ["mailer"])
    rows = [line.split() for line in text.splitlines()[:3]]
    assert rows[0][:6] == ["GROUP", "TOPIC", "PARTITION", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG"]
    assert rows[1][3:6] == ["20", "120", "100"]
    assert rows[2][3:6] == ["-", "9", "-"]
    assert "mailer: lag 100 over 1 of 2 partitions; BEHIND: 30 deleted unread at mails p0" in text
    assert "  mails p0: retention breach: 30 records deleted before the group read them" in text
    assert "  mails p1: no commit; 7 to read from the start, auto.offset.reset decides" in text


def test_unknown_is_a_question_mark_and_a_reason_never_0() -> None:
    watch = cluster()
    watch.post(BrokerLost, 0, 2, "127.0.0.1:9094: connection refused")
    watch.beat("billing")
    text = lag_report.table(watch.state, ["billing"])
    assert text.splitlines()[2].split()[3:6] == ["660", "?", "?"]
    assert "billing: lag 80 over 2 of 3 partitions; UNKNOWN: 1 end unknown: broker 2 does not answer" in text
    assert "  orders p1: broker 2 does not answer" in text
    assert text.endswith("broker 2 does not answer: 127.0.0.1:9094: connection refused\n")


def test_a_hidden_group_says_why() -> None:
    text = lag_report.table(cluster().state, ["closed"])
    assert text.startswith(
        "closed: lag ? (no right to read this group); UNKNOWN: no right to read this group\n"
    )


def test_stale_numbers_say_how_old_they_are() -> None:
    watch = cluster()
    watch.wait(95)
    watch.post(ConnectionLost, watch.now_us, "127.0.0.1:9092: connection refused")
    text = lag_report.table(watch.state, ["billing"])
    assert "billing: lag 120 over 3 of 3 partitions (stale: 95 s old)" in text
    assert "nothing answers: 127.0.0.1:9092: connection refused (last seen 95 s ago)" in text
    found = lag_report.as_dict(watch.state, ["billing"])
    assert found["groups"][0]["stale"] is True
    assert found["groups"][0]["age_s"] == 95
    assert [row["kind"] for row in found["groups"][0]["details"]] == ["stale"] * 3
    assert found["lost"] == {"unknown": "127.0.0.1:9092: connection refused", "for_s": 0}


def test_the_wide_table_adds_start_rates_and_time() -> None:
    lines = lag_report.table(cluster().state, ["billing"], wide=True).splitlines()
    assert lines[0].split()[-4:] == ["LOG-START-OFFSET", "IN/S", "OUT/S", "~BEHIND"]
    assert lines[1].split()[-5:] == ["0", "20", "20", "~2.0", "s"]


def test_one_line_a_group_worst_first() -> None:
    lines = lag_report.summary(cluster().state).splitlines()
    assert lines[0].split() == [
        "GROUP", "TYPE", "STATE", "MEMBERS", "LAG", "IN/S", "OUT/S", "ETA", "VERDICT", "EVIDENCE",
    ]  # fmt: skip
    assert [line.split()[0] for line in lines[1:4]] == ["mailer", "closed", "billing"]
    assert lines[2].split()[1:7] == ["?", "Stable", "?", "?", "?", "?"]
    assert "100  1 of 2" in lines[1]
    assert lines[4] == "1 other group not shown (share)"


def test_a_cluster_without_groups() -> None:
    assert lag_report.table(Watch().state) == "no consumer groups\n"
    assert lag_report.summary(Watch().state) == "no consumer groups\n"
    assert lag_report.as_dict(Watch().state)["groups"] == []


def test_a_group_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(lag_report.NoSuchGroup) as caught:
        lag_report.table(cluster().state, ["biling"])
    assert str(caught.value) == "there is no group biling on localhost:9092; did you mean billing?"
    with pytest.raises(lag_report.NoSuchGroup, match="s is a share group"):
        lag_report.as_json(cluster().state, ["s"])


def test_json_has_the_documented_keys_and_no_others() -> None:
    found = json.loads(lag_report.as_json(cluster().state))
    about = lag_report.__doc__ or ""
    for name in keys_of(found):
        assert name in about, name
    assert [group["group"] for group in found["groups"]] == ["mailer", "closed", "billing"]


def keys_of(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*(keys_of(part) for part in value.values()))
    return set().union(*(keys_of(part) for part in value)) if isinstance(value, list) else set()


def test_json_numbers_and_unknowns() -> None:
    watch = cluster()
    watch.post(BrokerLost, 0, 2, "refused")
    watch.beat("billing")
    found = json.loads(lag_report.as_json(watch.state, ["billing", "mailer", "closed"]))
    billing, mailer, closed = found["groups"]
    assert (billing["lag"], billing["known_partitions"], billing["partitions"]) == (80, 2, 3)
    assert billing["in_per_s"] == {"unknown": "broker 2 does not answer"}
    assert [row["lag"] for row in billing["details"]] == [40, {"unknown": "broker 2 does not answer"}, 40]
    assert [row["kind"] for row in billing["details"]] == ["number", "end unknown", "number"]
    assert mailer["details"][1]["current_offset"] is None
    assert (mailer["details"][1]["lag"], mailer["details"][1]["kind"]) == (None, "no commit")
    assert mailer["details"][0]["deleted_unread"] == 30
    assert closed["lag"] == closed["members"] == {"unknown": "no right to read this group"}
    assert closed["verdict"]["word"] == "UNKNOWN"
    assert found["brokers_lost"] == [{"broker": 2, "unknown": "refused", "for_s": 20}]


def test_groups_stand_apart() -> None:
    parts = lag_report.table(cluster().state, ["billing", "mailer"]).split("\n\n")
    assert [part.splitlines()[1].split()[0] for part in parts[:2]] == ["billing", "mailer"]


def test_whoever_looks_again_and_again_sees_when_it_was() -> None:
    assert lag_report.heading(Watch().state) == "localhost:9092\n"
    watch = cluster()
    assert lag_report.heading(watch.state) == "localhost:9092 at 12:00:20, look 12\n"
    watch.wait(60)
    assert lag_report.heading(watch.state) == "localhost:9092 at 12:00:20, look 12\n", "of the last look"


def test_names_are_escaped_in_text() -> None:
    watch = Watch()
    watch.topic("t\x1b]0;x\x07", 1)
    watch.group("g\x1b[2J", member("c\u202e", **{"t\x1b]0;x\x07": (0,)}))
    flow(watch, "g\x1b[2J", "t\x1b]0;x\x07", {0: (5, 5)}, {0: (1, 0)}, 60)
    for text in (lag_report.table(watch.state), lag_report.summary(watch.state)):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\\x1b[2J" in text
