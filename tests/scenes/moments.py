"""All moments that scenes are drawn at in the tests: MOMENTS, name → function (columns, rows, ascii=…) → Canvas."""

from tests.scenes import (
    moments_batching,
    moments_crash,
    moments_home,
    moments_lag,
    moments_log,
    moments_machine,
    moments_race,
    moments_replication,
    moments_routing,
    moments_share,
    moments_storage,
    moments_timeline,
    moments_timing,
    moments_transactions,
)
from tests.scenes.moments_register import MOMENTS

FILES = (
    moments_batching,
    moments_crash,
    moments_home,
    moments_lag,
    moments_log,
    moments_race,
    moments_replication,
    moments_machine,
    moments_routing,
    moments_share,
    moments_storage,
    moments_timeline,
    moments_timing,
    moments_transactions,
)

__all__ = ["FILES", "MOMENTS"]
