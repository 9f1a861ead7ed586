"""Whatever is done to the services in whatever order: no invariant breaks, and the run can be repeated.

A failure prints the seed and the commands, ready to paste.
"""

from __future__ import annotations

from hypothesis import given, note, settings
from hypothesis import strategies as st

from mqviz.backend import Refused
from tests.sim.worlds import Run, world

NAMES = ("sync", "async", "new", "mail-server", "smtp")

services = st.sampled_from(NAMES)
plans = st.builds(
    "add sign-up {} design={} clients={} rate={}/s arrivals={} threads={} workers={} mail_server={}".format,
    services,
    st.sampled_from(("synchronous", "asynchronous")),
    st.integers(0, 12),
    st.sampled_from((1, 2.5, 10)),
    st.sampled_from(("even", "exponential")),
    st.integers(0, 2),
    st.integers(0, 2),
    st.sampled_from(("mail-server", "smtp")),
)
faults = st.builds("{} service {}".format, st.sampled_from(("fail", "repair")), services)
scripts = st.lists(st.tuples(st.integers(0, 3_000_000), st.one_of(faults, faults, plans)), max_size=12)


def run(seed: int, script: list[tuple[int, str]]) -> Run:
    watched = Run(world("sync threads=2 rate=4/s", "async design=asynchronous workers=2 rate=4/s"), seed)
    for after_us, text in script:
        watched.to(watched.backend.now_us + after_us)
        try:
            watched.do(text)
        except Refused as refusal:
            note(f"refused: {refusal}")
    return watched.to(watched.backend.now_us + 30_000_000)


@settings(max_examples=60)
@given(st.integers(0, 99), scripts)
def test_invariants_hold_whatever_is_done(seed: int, script: list[tuple[int, str]]) -> None:
    note(f"seed {seed}, commands {script}")
    first = run(seed, script)
    assert run(seed, script).log == first.log
