"""What is known of a real cluster that is watched: lag, verdicts, members,
the ledger of mqviz's own records.
"""
