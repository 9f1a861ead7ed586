"""Same scenario, seed and commands: the same bytes, whatever the process, the chunks or the checkpoints."""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from mqviz.commands import parse
from mqviz.model.codec import decode_event, encode_event
from mqviz.model.kafka.clients.consumer.events import RecordsReturned
from mqviz.scenario import load_scenario
from mqviz.sim.backend import open_sim
from tests.sim.kafka.worlds import S, of, run

SCENARIOS = sorted((Path(__file__).parents[3] / "assets" / "scenarios").glob("*.yaml"))
KAFKA = [path for path in SCENARIOS if "\nconsumers:" in path.read_text(encoding="utf-8")]

SCRIPT = """
import sys
from hashlib import sha256
from tests.sim.kafka.test_kafka_determinism import played
print(sha256(played(sys.argv[1])).hexdigest())
"""


def played(path: str, seed: int = 7) -> bytes:
    """The log of a scenario with some commands in it, as bytes."""
    backend = open_sim(load_scenario(Path(path)), seed)
    lines = [encode_event(event) for event in backend.advance(6 * S)]
    running = [c for c in backend.state.cluster.consumers.values() if c.state == "running"]
    group = f"add consumer group={running[0].settings.group}"
    harm = [
        f"kill consumer {running[0].name}",
        *(f"set consumer {c.name} processing=20ms" for c in running[1:2]),
    ]
    for text in (group, *harm):
        backend.submit(parse(text))
        lines += [encode_event(event) for event in backend.advance(backend.now_us + 4 * S)]
    return b"\n".join(lines)


@pytest.mark.parametrize("path", KAFKA, ids=lambda path: path.stem)
def test_two_processes_with_other_hash_seeds_write_the_same_log(path: Path) -> None:
    root = Path(__file__).parents[3]
    found = {sha256(played(str(path))).hexdigest()}
    for hash_seed in ("1", "4242"):
        env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(root)}
        command = [sys.executable, "-c", SCRIPT, str(path)]
        done = subprocess.run(command, env=env, cwd=root, capture_output=True, text=True, check=True)
        found.add(done.stdout.strip())
    assert len(found) == 1


def test_another_seed_is_another_run() -> None:
    path = str(KAFKA[0])
    assert played(path, 7) == played(path, 7) != played(path, 8)


def test_every_event_survives_being_written_and_read() -> None:
    backend = open_sim(load_scenario(KAFKA[0]), 7)
    for event in backend.advance(12 * S):
        assert decode_event(encode_event(event)) == event


def test_a_checkpoint_goes_on_as_if_nothing_had_been() -> None:
    scenario = load_scenario(KAFKA[0])
    whole = open_sim(scenario, 7)
    first = open_sim(scenario, 7)
    first.advance(9 * S)
    second = open_sim(scenario, 7, first.checkpoint())
    expected = [event for event in whole.advance(20 * S) if event.at_us >= 9 * S]
    assert list(second.advance(20 * S)) == expected
    assert second.state == whole.state


def test_another_group_does_not_change_what_this_one_gets() -> None:
    contents = (
        "create topic t partitions=3 replication_factor=3",
        "add producer p topic=t rate=20/s keys=a,b,c,d key_choice=random arrivals=exponential",
        "add consumer c1 group=g1 topic=t processing=5ms service_times=exponential",
        "add consumer c2 group=g1 topic=t processing=5ms service_times=exponential",
    )
    other = "add consumer x1 group=g2 topic=t processing=9ms service_times=exponential"
    alone, both = run(*contents).to(9 * S), run(*contents, other).to(9 * S)

    def deliveries(watched: object) -> list[tuple[object, ...]]:
        return [(e.at_us, e.consumer, e.parts) for e in of(watched, RecordsReturned, group="g1")]  # type: ignore[arg-type]

    assert deliveries(alone) == deliveries(both) != []
