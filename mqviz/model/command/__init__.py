"""Commands: frozen intents in the imperative, one struct a kind; notation, files and completion follow from
them.
"""
