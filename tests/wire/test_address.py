import pytest

from mqviz.wire.address import Address, parse_bootstrap
from mqviz.wire.errors import BadAddress


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost", [("localhost", 9092)]),
        ("localhost:19092", [("localhost", 19092)]),
        (" a:1 , b:2,", [("a", 1), ("b", 2)]),
        ("a:1,a:1", [("a", 1)]),
        ("[::1]:9093", [("::1", 9093)]),
        ("[::1]", [("::1", 9092)]),
        ("::1", [("::1", 9092)]),
    ],
)
def test_addresses_are_read_as_people_type_them(text: str, expected: list[tuple[str, int]]) -> None:
    assert list(parse_bootstrap(text)) == [Address(*pair) for pair in expected]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "localhost:9092"),
        (" , ", "localhost:9092"),
        ("host:", "''"),
        ("host:0", "'0'"),
        ("host:70000", "'70000'"),
        ("host:٣", "'٣'"),
        ("host:9092x", "'9092x'"),
        (":9092", "not a host name"),
        ("my host:9092", "not a host name"),
        ("[::1]x", "'x'"),
        ("http://localhost:9092", "leave out http://"),
    ],
)
def test_what_is_not_an_address_is_named(text: str, part: str) -> None:
    with pytest.raises(BadAddress) as caught:
        parse_bootstrap(text)
    assert part in str(caught.value)


def test_an_ipv6_address_is_written_so_that_it_can_be_read_again() -> None:
    assert parse_bootstrap(str(Address("::1", 9092))) == (Address("::1", 9092),)
