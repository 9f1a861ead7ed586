"""The screens: the only place that imports Textual. They draw what the player, the tutor and the facts say.

A screen is put together from parts, shows Canvases on Stages and decides nothing about Kafka. The parts of a
run: `playback` (time), `scene_stage` (selection), `run_commands`, `run_history`, `records`, and in a lesson
`lesson_stage`. keys.py says which key belongs to which part; a part posts what came of it (`Moved`, `Opened`,
`Answered`), and its screen draws the next picture. What a screen opens comes in as a function (`Enter`).
"""
