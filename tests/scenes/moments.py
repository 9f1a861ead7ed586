"""All moments that scenes are drawn at in the tests: MOMENTS, name → function (columns, rows, ascii=…) → Canvas."""

import moments_home
import moments_lag
import moments_log
import moments_timing
from moments_register import MOMENTS

FILES = (moments_home, moments_lag, moments_log, moments_timing)

__all__ = ["FILES", "MOMENTS"]
