"""Addresses that are no Kafka: each is one sentence that names the cause, for `lag` and on the screen."""

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from tests.terminal import Terminal
from tests.waiting import DEADLINE_S

pytestmark = pytest.mark.slow
Answer = Callable[[socket.socket], None]


def http(connection: socket.socket) -> None:
    """A web server: it reads a line, finds no request in it, and says so."""
    connection.recv(1024)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    connection.close()


def tls(connection: socket.socket) -> None:
    """A real TLS server: what comes is no handshake."""
    with suppress(OSError):
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).wrap_socket(connection, server_side=True)


def closing(connection: socket.socket) -> None:
    """A listener that expects SASL: it hangs up on whoever asks without."""
    connection.close()


def silent(connection: socket.socket) -> None:
    """A frozen program: the system accepts for it, nothing answers."""


def garbage(connection: socket.socket) -> None:
    """An answer of the right length that is no answer."""
    connection.recv(1024)
    connection.sendall(b"\0\0\0\x08\x0d\x0a\x0d\x0a\xff\xff\xff\xff")


@pytest.fixture
def port(request: pytest.FixtureRequest) -> Iterator[str]:
    """`host:port` of a server that treats every connection as the parameter says."""
    answer: Answer = request.param
    server = socket.create_server(("127.0.0.1", 0))
    kept: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                kept.append(server.accept()[0])
                with suppress(OSError):
                    answer(kept[-1])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.getsockname()[1]}"
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()
    for connection in kept:
        connection.close()


CAUSES = [
    (http, "this port speaks HTTP, not Kafka; give the address of a broker"),
    (tls, "does this port expect TLS or SASL?"),
    (closing, "does this port expect TLS or SASL?"),
    (silent, "accepts connections but answers nothing; is it Kafka, and is it alive?"),
    (garbage, "cannot be read (the bytes end too early)"),
]


@pytest.mark.parametrize(("port", "cause"), CAUSES, indirect=["port"])
def test_a_port_that_is_no_kafka_is_named_for_what_it_is(port: str, cause: str, home: dict[str, str]) -> None:
    done = lag(port)
    assert done.returncode == 1
    assert done.stderr.startswith(f"mqviz: {port}: ")
    assert cause in done.stderr
    assert len(done.stderr.splitlines()) == 1
    with Terminal("attach", port, **home) as terminal:
        terminal.wait_until(lambda shown: f"{cause}; asking again" in " ".join(shown.split()), cause)
        terminal.wait_for("✗ no answer yet", "✗ lost")
        terminal.press("ctrl+c")
        assert terminal.end() == 130
        assert terminal.left_on == []


@pytest.mark.parametrize(
    ("address", "code", "cause"),
    [
        ("127.0.0.1:1", 1, "127.0.0.1:1: connection refused; no broker listens there"),
        ("nowhere.invalid:9092", 1, "nowhere.invalid:9092: this host name is not known here"),
        ("localhost:99999", 2, "the port is a number from 1 to 65535, not '99999'"),
        ("what is this", 2, "not a host name; write the address like localhost:9092"),
    ],
)
def test_a_wrong_bootstrap_says_what_is_wrong_with_it(
    address: str, code: int, cause: str, home: dict[str, str]
) -> None:
    done = lag(address)
    assert (done.returncode, done.stdout) == (code, "")
    assert cause in done.stderr
    assert len(done.stderr.splitlines()) == 1
    with Terminal("attach", address, **home) as terminal:
        terminal.wait_for(cause)
        if code == 1:
            terminal.press("q")
        assert terminal.end() == (0 if code == 1 else code)
        assert terminal.left_on == []


def test_home_asks_again_for_an_address_that_is_none(home: dict[str, str]) -> None:
    with Terminal(**home) as terminal:
        terminal.wait_for("Attach")
        terminal.press("a", "!!", "enter")
        terminal.wait_for("✗ localhost:9092!!: the port is a number from 1 to 65535")
        terminal.press("ctrl+c")
        assert terminal.end() == 130


def test_lag_watch_goes_on_asking_and_ctrl_c_ends_it(home: dict[str, str]) -> None:
    with Terminal("lag", "127.0.0.1:1", "--watch", "--every", "1s", **home) as terminal:
        terminal.wait_for("nothing answers: 127.0.0.1:1: connection refused")
        terminal.press("ctrl+c")
        assert terminal.end() == 130
        assert terminal.left_on == []
        assert "Traceback" not in terminal.text()


def lag(address: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "mqviz", "lag", address]
    return subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=DEADLINE_S
    )
