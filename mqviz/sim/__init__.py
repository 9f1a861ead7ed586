"""The simulator: a deterministic world of plain data behind the Backend seam.

Same scenario, seed and commands give the same event log, byte for byte, on every Python and platform tested
(R2). `engine` holds time, agenda, draws, and who reacts to which event; `systems` and `kafka` hold the
handlers of what is simulated; `backend` is the door.
"""
