"""Kafka's error codes: the number is what travels, the name is what people look up (R8)."""

from __future__ import annotations

from enum import IntEnum


class Error(IntEnum):
    """Protocol errors by Kafka's own names and numbers; NONE is success."""

    NONE = 0
    OFFSET_OUT_OF_RANGE = 1
    CORRUPT_MESSAGE = 2
    UNKNOWN_TOPIC_OR_PARTITION = 3
    LEADER_NOT_AVAILABLE = 5
    NOT_LEADER_OR_FOLLOWER = 6
    REQUEST_TIMED_OUT = 7
    MESSAGE_TOO_LARGE = 10
    NETWORK_EXCEPTION = 13
    COORDINATOR_LOAD_IN_PROGRESS = 14
    COORDINATOR_NOT_AVAILABLE = 15
    NOT_COORDINATOR = 16
    INVALID_TOPIC_EXCEPTION = 17
    NOT_ENOUGH_REPLICAS = 19
    NOT_ENOUGH_REPLICAS_AFTER_APPEND = 20
    INVALID_REQUIRED_ACKS = 21
    ILLEGAL_GENERATION = 22
    INCONSISTENT_GROUP_PROTOCOL = 23
    INVALID_GROUP_ID = 24
    UNKNOWN_MEMBER_ID = 25
    INVALID_SESSION_TIMEOUT = 26
    REBALANCE_IN_PROGRESS = 27
    INVALID_TIMESTAMP = 32
    UNSUPPORTED_VERSION = 35
    TOPIC_ALREADY_EXISTS = 36
    INVALID_PARTITIONS = 37
    INVALID_REPLICATION_FACTOR = 38
    INVALID_REPLICA_ASSIGNMENT = 39
    INVALID_CONFIG = 40
    INVALID_REQUEST = 42
    POLICY_VIOLATION = 44
    OUT_OF_ORDER_SEQUENCE_NUMBER = 45
    INVALID_PRODUCER_EPOCH = 47
    INVALID_TXN_STATE = 48
    INVALID_PRODUCER_ID_MAPPING = 49
    INVALID_TRANSACTION_TIMEOUT = 50
    CONCURRENT_TRANSACTIONS = 51
    NON_EMPTY_GROUP = 68
    GROUP_ID_NOT_FOUND = 69
    TOPIC_DELETION_DISABLED = 73
    FENCED_LEADER_EPOCH = 74
    UNKNOWN_LEADER_EPOCH = 75
    OFFSET_NOT_AVAILABLE = 78
    MEMBER_ID_REQUIRED = 79
    GROUP_MAX_SIZE_REACHED = 81
    PREFERRED_LEADER_NOT_AVAILABLE = 80
    FENCED_INSTANCE_ID = 82
    ELIGIBLE_LEADERS_NOT_AVAILABLE = 83
    ELECTION_NOT_NEEDED = 84
    GROUP_SUBSCRIBED_TO_TOPIC = 86
    INVALID_RECORD = 87
    UNSTABLE_OFFSET_COMMIT = 88
    PRODUCER_FENCED = 90
    DUPLICATE_BROKER_REGISTRATION = 101
    FENCED_MEMBER_EPOCH = 110
    UNRELEASED_INSTANCE_ID = 111
    UNSUPPORTED_ASSIGNOR = 112
    STALE_MEMBER_EPOCH = 113
    INVALID_RECORD_STATE = 121
    SHARE_SESSION_NOT_FOUND = 122
    INVALID_SHARE_SESSION_EPOCH = 123


def named(code: int) -> str:
    """How an error is shown to a person: name and number, `UNKNOWN_MEMBER_ID (25)`."""
    return f"{Error(code).name} ({code})"


def java_class(code: int) -> str:
    """The exception of the Java client for an error, which an application catches:
    `NotEnoughReplicasException` (R47).
    """
    found = _JAVA.get(code)
    return found or "".join(word.capitalize() for word in Error(code).name.split("_")) + "Exception"


def librdkafka_name(code: int, expired: bool = False) -> str:
    """What an application of librdkafka gets for an error, as it is printed there; `expired`: nobody answered
    in time (R54).
    """
    return "KafkaError _MSG_TIMED_OUT" if expired else f"KafkaError {_LIBRDKAFKA.get(code, Error(code).name)}"


def retriable(code: int) -> bool:
    """Whether a producer sends the batch again after this error (R47)."""
    return code in _RETRIABLE


_RETRIABLE = frozenset((2, 3, 5, 6, 7, 13, 14, 15, 16, 19, 20, 51))

_LIBRDKAFKA = {
    2: "INVALID_MSG",
    3: "UNKNOWN_TOPIC_OR_PART",
    6: "NOT_LEADER_FOR_PARTITION",
    10: "MSG_SIZE_TOO_LARGE",
    13: "_TRANSPORT",
    16: "NOT_COORDINATOR",
}
"""Names that librdkafka writes in another way (rd_kafka_err2name)."""

_JAVA = {
    2: "CorruptRecordException",
    7: "TimeoutException",
    10: "RecordTooLargeException",
    13: "NetworkException",
    17: "InvalidTopicException",
    36: "TopicExistsException",
    40: "InvalidConfigurationException",
    45: "OutOfOrderSequenceException",
    49: "InvalidPidMappingException",
    50: "InvalidTxnTimeoutException",
}
