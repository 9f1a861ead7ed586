"""The README's pictures, made anew from real runs: `python -m tests.readme_pictures` (needs rsvg-convert and Fira Code).

Lesson 15 is the run that the snapshot tests hold; replication is its example, when the killed broker is back; attach watches a real Apache Kafka that this script starts
and loads with real clients: one group behind because of a hot key, one that keeps up, one that has stopped.
"""

import asyncio
import subprocess
import tempfile
import threading
import time

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from textual.app import App

from mqviz import folders
from mqviz.cli import screens
from mqviz.lesson.progress import Progress
from mqviz.live.managed import cluster
from mqviz.ui.app import MqvizApp
from mqviz.ui.options import Options, Start
from tests.ui.test_snapshots import at_step, two_idle
from tests.ui.worlds import World

OUT = folders.data("assets") / "pictures"
KEYS = [f"customer-{n}" for n in range(24)]
HOT = "customer-3"
GROUPS = {
    "email-consumers": (3, 0.012),
    "billing": (2, 0.0005),
    "analytics": (1, 0.0005),
    "audit": (1, 0.0005),
}
"""Members of each group, and how long each takes for a record, in seconds."""
LOADED_S, WATCHED_S = 25, 45


def save(app: App[None], name: str) -> None:
    """The screen as a PNG; Textual's SVG needs its spaces kept."""
    svg = app.export_screenshot().replace("<text ", '<text xml:space="preserve" ')
    with tempfile.NamedTemporaryFile("w", suffix=".svg", encoding="utf-8") as file:
        file.write(svg)
        file.flush()
        OUT.mkdir(exist_ok=True)
        subprocess.run(["rsvg-convert", file.name, "-o", str(OUT / f"{name}.png")], check=True)


async def lesson() -> None:
    app = at_step(15, 2).app("lesson", "15", theme="dark")
    async with app.run_test(size=(100, 30)) as pilot:
        await two_idle(pilot)
        save(app, "lesson-15")


async def fault() -> None:
    example = folders.data("assets") / "scenarios" / "replication.yaml"
    app = World().app("play", str(example), theme="dark")
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("n", "n", "n")  # broker 1 dies, broker 2 leads, broker 1 returns
        save(app, "replication")


def produce(bootstrap: str, over: threading.Event) -> None:
    producer = Producer(
        {"bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "client.id": "shop"}
    )
    number = 0
    while not over.wait(0.01):
        for key in (KEYS[number % len(KEYS)], HOT if number % 3 else KEYS[number * 7 % len(KEYS)], HOT):
            producer.produce("orders", b"x" * 100, key=key)
        number += 1
        producer.poll(0)
    producer.flush()


def consume(bootstrap: str, group: str, number: int, over: threading.Event) -> None:
    name = f"{group[0]}-{number}"
    settings = {
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "client.id": name,
        "auto.offset.reset": "earliest",
    }
    consumer = Consumer({**settings, "auto.commit.interval.ms": 1000, "fetch.message.max.bytes": 20_000})
    consumer.subscribe(["orders"])
    while not over.is_set():
        if consumer.poll(0.2) is not None:
            time.sleep(GROUPS[group][1])
    consumer.close()


def load(bootstrap: str, over: threading.Event) -> list[threading.Thread]:
    """Real clients on a real cluster; the group `audit` goes after a while."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic("orders", 6, 1)])["orders"].result()
    gone = threading.Event()
    threading.Timer(LOADED_S, gone.set).start()
    threads = [threading.Thread(target=produce, args=(bootstrap, over))]
    for group, (members, _) in GROUPS.items():
        end = gone if group == "audit" else over
        threads += [
            threading.Thread(target=consume, args=(bootstrap, group, n, end)) for n in range(1, members + 1)
        ]
    for thread in threads:
        thread.start()
    return threads


async def attach(bootstrap: str) -> None:
    options = Options(folders.data("assets") / "mqviz.tcss", Start("attach", bootstrap))
    app = MqvizApp(screens._doors(Progress(None)), options)
    async with app.run_test(size=(100, 30)) as pilot:
        await asyncio.sleep(WATCHED_S)
        await pilot.press("k", "k", "k")
        await pilot.pause(3)
        save(app, "attach")


def main() -> None:
    asyncio.run(lesson())
    asyncio.run(fault())
    over = threading.Event()
    with cluster.start() as running:
        threads = load(running.bootstrap, over)
        time.sleep(LOADED_S)
        asyncio.run(attach(running.bootstrap))
        over.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main()
