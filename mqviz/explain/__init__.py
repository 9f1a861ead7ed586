"""Explanations: why something happened, in plain words with the numbers of the run.

`why` has one small function a kind of event, one file a component; `rules` the rules that they quote;
`causes` the way from an event up to its command; `biography` and `story` the life of a record; `event` the
explanation of any event.
"""
