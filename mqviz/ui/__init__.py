"""The screens: the only place that imports Textual. They draw what the player, the tutor and the facts say.

A screen holds a player, hands keys to it and shows Canvases on Stages; it decides nothing about Kafka.
"""
