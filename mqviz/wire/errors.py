"""What can go wrong between mqviz and a broker, each as one plain sentence.

`str(error)` is for a person: where, what happened, and what to do when there is something to do.
`error.reason` is two or three words for a table's cell.
"""

from typing import ClassVar


class WireError(Exception):
    """A broker could not be asked, or its answer could not be used.

    `where` is the address ("127.0.0.1:9092"); `sentence` says what happened, without the address.
    """

    reason: ClassVar[str] = "broker unusable"

    def __init__(self, where: str, sentence: str) -> None:
        super().__init__(f"{where}: {sentence}")
        self.where = where
        self.sentence = sentence


class BadAddress(WireError):
    """The text given as a broker's address is not one."""

    reason = "bad address"


class Unreachable(WireError):
    """No connection could be made: refused, unknown name, no route."""

    reason = "unreachable"


class TimedOut(WireError):
    """The broker did not answer before the deadline."""

    reason = "no answer"


class Disconnected(WireError):
    """The connection ended before the answer was complete."""

    reason = "connection lost"


class WrongProtocol(WireError):
    """The port answers, but not in Kafka's protocol."""

    reason = "not Kafka"


class FrameTooLarge(WireError):
    """An answer claims to be larger than mqviz is willing to read."""

    reason = "answer too large"


class DamagedFrame(WireError):
    """An answer does not hold what its request promises."""

    reason = "damaged answer"


class UnsupportedVersion(WireError):
    """The broker and mqviz know no common version of a request."""

    reason = "version not supported"


class BrokerRefused(WireError):
    """The broker understood, and answered with an error for the whole request.

    `code` is Kafka's number of the error.
    """

    reason = "refused by broker"

    def __init__(self, where: str, sentence: str, code: int) -> None:
        super().__init__(where, sentence)
        self.code = code
