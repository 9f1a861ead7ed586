"""A small lesson for the tests of the tutor, and runs of lessons on the simulator."""

from mqviz.lesson.format import Lesson, read_lesson
from mqviz.lesson.tutor import Tutor
from mqviz.player import Player
from mqviz.scenario import Scenario
from mqviz.sim.backend import open_sim

SMALL = """---
number: 1
title: Small
guide: [Introduction]
minutes: 1
stated: {4 s: a test}
scenario:
  title: Small
  scene: request-timing
  until: 60s
  sign_ups:
    - {name: shop, clients: 2, at: [0s, 1s], mail_min: 3s, mail_max: 3s}
---

# Small

Before everything.

## First

Text **before**, with `code`.

```yaml step
predict:
  question: How long?
  answers: [0.1 s, 3.1 s, 9 s]
  outcome: answer_ms(shop, 1)
  equation: "100 ms + 3 s = {answer_ms(shop, 1)}"
  because: It waits.
run: 4s
goal:
  - say: both answered
    check: answered(shop) == 2
hint: [one, "two", "3"]
solution: [wait 1s]
wrong:
  - route: [fail service mail-server, wait 1s]
    because: Then nobody is answered.
moment:
  first answer: answered(shop) >= 1
numbers:
  3.1 s: mean_answer_ms(shop)
```

It took 3.1 s.

- a point
- another

## Second

Now break it.

```yaml step
do: [add sign-up more clients=1 mail_min=3s mail_max=3s]
goal:
  - say: it is broken
    check: happened(ServiceFailed, name=mail-server)
    suggest: fail service mail-server
  - say: one more failed
    check: failed(more) == 1
hint: [one, "two", "3"]
solution: [fail service mail-server, wait 1s]
wrong:
  - route: [wait 10s]
    because: Nothing breaks by itself.
  - route: [fail service shop, wait 1s]
    because: That is the wrong service.
```

## In real life

Slower.

## Simplified

All of it.
"""


def small(change: str = "", to: str = "") -> Lesson:
    """The small lesson, with one piece of its text replaced."""
    assert change in SMALL
    return read_lesson(SMALL.replace(change, to), "small.md")


def open_run(scenario: Scenario) -> Player:
    """A simulated run."""
    return Player(open_sim, scenario)


def tutor(lesson: Lesson | None = None, step: int = 0, seed: int | None = None) -> Tutor:
    """A tutor over a fresh run."""
    lesson = lesson or small()
    return Tutor(lesson, Player(open_sim, lesson.scenario, seed), step=step)
