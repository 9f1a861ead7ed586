"""Same scenario, seed and commands: the same bytes in every process, whatever PYTHONHASHSEED is (R2)."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import hashlib, sys
from tests.contract import bytes_of, run
from tests.test_contract import WORLDS
log = bytes_of(run(WORLDS[sys.argv[1]]()))
print(len(log), hashlib.blake2b(log).hexdigest())
"""


def hash_of_log(world: str, hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, world], env=environment, capture_output=True, text=True, check=True
    )
    return ran.stdout


@pytest.mark.parametrize("world", ["sign-ups", "cluster"])
def test_r2_two_processes_with_different_hash_seeds_give_the_same_bytes(world: str) -> None:
    first, second = (hash_of_log(world, hash_seed) for hash_seed in ("1", "4242"))
    assert first == second
    assert int(first.split()[0]) > 10_000
