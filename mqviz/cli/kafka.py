"""`mqviz kafka up | down | status`: a real Apache Kafka here, with a progress bar while jars arrive."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager

from mqviz.cli import BAD_INPUT, COULD_NOT, CannotDo, nobody_reads
from mqviz.live.managed.jars import Progress


def kafka(arguments: Namespace) -> int:
    """Do the verb; ClusterError becomes its sentence."""
    from mqviz.live.managed import cluster
    from mqviz.live.managed.error import ClusterError

    try:
        if arguments.verb == "down":
            return cluster.down(_say)
        if arguments.verb == "status":
            return cluster.status(_say)
        _check_version(arguments.kafka_version)
        with _bar() as progress:
            return cluster.up(
                arguments.brokers,
                keep=arguments.keep,
                version=arguments.kafka_version,
                out=_say,
                progress=progress,
            )
    except ClusterError as error:
        raise CannotDo(str(error), COULD_NOT) from None


def _say(line: str) -> None:
    """A broker goes on, and ends in the orderly way, also when nobody reads this."""
    try:
        print(line, flush=True)
    except OSError:
        nobody_reads()


def _check_version(version: str | None) -> None:
    from mqviz.live.managed.jars import versions

    if version is not None and version not in (known := versions()):
        raise CannotDo(f"mqviz can fetch Kafka {' or '.join(known)}, not {version}", BAD_INPUT)


@contextmanager
def _bar() -> Iterator[Progress]:
    """A progress bar on standard error if it is a terminal, else a line when the fetching begins."""
    from rich import progress as rich
    from rich.console import Console

    bar = rich.Progress(
        rich.TextColumn("{task.description:<40.40}"),
        rich.BarColumn(),
        rich.DownloadColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = None

    def show(done: int, total: int, name: str) -> None:
        nonlocal task
        if task is None:
            task = bar.add_task("", total=total)
            if bar.console.is_terminal:
                bar.start()
            else:
                print(f"fetching Apache Kafka, {total / 1e6:.0f} MB, once", file=sys.stderr, flush=True)
        bar.update(task, completed=done, description=name)
        if done >= total:
            bar.live.stop()

    try:
        yield show
    finally:
        bar.live.stop()
