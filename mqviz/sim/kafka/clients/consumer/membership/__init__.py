"""How a consumer comes by its partitions.

`classic`: as a member of a classic group (ConsumerCoordinator in Kafka); `consumer`: of one of the consumer
protocol (ConsumerMembershipManager); `manual`: by assign(), as a member of none.
"""
