"""What differs between the versions 4.0 to 4.4 of Apache Kafka, as far as it can be seen here (R7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

DEFAULT = "4.2"


class Version(NamedTuple):
    """A version's differences.

    `eligible_leader_replicas`: KIP-966, whether new clusters keep an ELR. `share_groups`: how far KIP-932 is.
    `share_record_limit`: share.acquire.mode can be record_limit. `share_in_flight`: records in flight a
    share-partition at most. `share_renew`: locks can be renewed (KIP-1222). `share_isolates`: records that
    were often delivered come a few at a time, at last one alone. `share_hashed`: the assignor `simple` hashes
    members (4.0). `share_dead_letters`: KIP-1191. `assignment_interval_ms`: least time between two target
    assignments of a KIP-848 group (KIP-1263).
    """

    name: str
    eligible_leader_replicas: bool = True
    share_groups: Literal["early access", "preview", "production"] = "production"
    share_record_limit: bool = True
    share_in_flight: int = 2000
    share_renew: bool = True
    share_isolates: bool = True
    share_hashed: bool = False
    share_dead_letters: bool = False
    assignment_interval_ms: int = 0


VERSIONS = {
    version.name: version
    for version in (
        Version("4.0", False, "early access", False, 200, False, False, share_hashed=True),
        Version("4.1", True, "preview", False, 2000, False, False),
        Version("4.2"),
        Version("4.3", assignment_interval_ms=1000),
        Version("4.4", assignment_interval_ms=1000, share_dead_letters=True),
    )
}
"""Every version that can be simulated, by the first two numbers of its name."""


ELR = "eligible.leader.replicas.version"
"""The feature of KIP-966 by Kafka's name."""


def version(name: str, features: Mapping[str, int] | None = None) -> Version:
    """The version that `name`, such as `4.2` or `4.2.1`, means; raises ValueError with a sentence.

    `features`: levels that the cluster was given when it was formatted, where they are not those of a new
    cluster.
    """
    found = VERSIONS.get(".".join(name.split(".")[:2]))
    if found is None:
        raise ValueError(f"kafka_version {name} cannot be simulated: write one of {', '.join(VERSIONS)}")
    for feature, level in (features or {}).items():
        if feature != ELR or level not in (0, 1):
            raise ValueError(f"feature {feature}={level} cannot be simulated: {ELR} can, 0 or 1")
        found = found._replace(eligible_leader_replicas=bool(level))
    return found
