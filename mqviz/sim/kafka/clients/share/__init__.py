"""Share consumers (KIP-932): KafkaShareConsumer of Java, and the application that acknowledges each record.

`consumer` fetches and acknowledges (ShareConsumeRequestManager), `work` is the application.
"""
