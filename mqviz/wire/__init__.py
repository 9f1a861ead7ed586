"""Kafka's protocol, spoken by mqviz itself: for watching a real cluster and for nothing else.

Why not a client library: one refresh of a cluster is seven requests here and hundreds there, nothing in
here can end the process, and "read-only" can be seen: `apis.py` lists every kind of request there is.

`address` who to talk to · `apis` which requests exist · `codec` bytes to values and back (the only place
that imports kio) · `reading` answers by kio's definitions · `asks` one function a request, plain values out ·
`streams` and `frames` the bytes · `connection` one connection to one broker · `brokers` a cluster's
connections · `errors` what can go wrong, in sentences.
"""
