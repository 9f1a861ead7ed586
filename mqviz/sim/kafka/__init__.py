"""The simulated Apache Kafka; importing this package registers its handlers with the engine.

Brokers answer request values; producers, consumers and followers are actors that ask. Each part of the
protocol is one file here, whose structs and events are the file of the same name in mqviz/model.
"""

from mqviz.sim.kafka import admin as admin
from mqviz.sim.kafka import assigned as assigned
from mqviz.sim.kafka import broker as broker
from mqviz.sim.kafka import classic_group as classic_group
from mqviz.sim.kafka import cleaner as cleaner
from mqviz.sim.kafka import cluster as cluster
from mqviz.sim.kafka import cluster_settings as cluster_settings
from mqviz.sim.kafka import commits as commits
from mqviz.sim.kafka import consumer as consumer
from mqviz.sim.kafka import consumer_commands as consumer_commands
from mqviz.sim.kafka import consumer_group as consumer_group
from mqviz.sim.kafka import consumer_group_member as consumer_group_member
from mqviz.sim.kafka import consumer_orders as consumer_orders
from mqviz.sim.kafka import disconnect as disconnect
from mqviz.sim.kafka import elections as elections
from mqviz.sim.kafka import epochs as epochs
from mqviz.sim.kafka import faults as faults
from mqviz.sim.kafka import fetcher as fetcher
from mqviz.sim.kafka import group_admin as group_admin
from mqviz.sim.kafka import group_offsets as group_offsets
from mqviz.sim.kafka import hardware as hardware
from mqviz.sim.kafka import leading as leading
from mqviz.sim.kafka import membership as membership
from mqviz.sim.kafka import more_brokers as more_brokers
from mqviz.sim.kafka import offsets as offsets
from mqviz.sim.kafka import positions as positions
from mqviz.sim.kafka import producer as producer
from mqviz.sim.kafka import producer_commands as producer_commands
from mqviz.sim.kafka import quorum as quorum
from mqviz.sim.kafka import replica as replica
from mqviz.sim.kafka import retention as retention
from mqviz.sim.kafka import share_commands as share_commands
from mqviz.sim.kafka import share_consumer as share_consumer
from mqviz.sim.kafka import share_fetch as share_fetch
from mqviz.sim.kafka import share_group as share_group
from mqviz.sim.kafka import topic_changes as topic_changes
from mqviz.sim.kafka import topic_commands as topic_commands
from mqviz.sim.kafka import transaction_additions as transaction_additions
from mqviz.sim.kafka import transactional as transactional
from mqviz.sim.kafka import transactional_commands as transactional_commands
from mqviz.sim.kafka import transactions as transactions
