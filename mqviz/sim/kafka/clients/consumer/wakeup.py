"""Wakeup: what the parts of a consumer's client tell its application, which waits in poll(), commitSync() or
close().

Like a real broker: nothing here; the application's thread is woken when what it waits for has come
(clients/consumer/poll.py).
Left out: wakeup() by another thread of the application.
"""

from __future__ import annotations

from mqviz.model.kafka.clients.consumer.state import Consumer
from mqviz.sim.engine import Simulation
from mqviz.sim.hook import Hook

progress: Hook[[Simulation, Consumer], None] = Hook("go on inside poll()")
throw: Hook[[Simulation, Consumer, str], None] = Hook("throw an exception out of poll()")
poll: Hook[[Simulation, Consumer], None] = Hook("call poll()")
again: Hook[[Simulation, Consumer], None] = Hook("come round in the application's loop")
work: Hook[[Simulation, Consumer], None] = Hook("work on the next record in hand")
put_down: Hook[[Simulation, Consumer, str], None] = Hook("give up what is in hand")
