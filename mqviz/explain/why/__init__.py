"""Why: one small function a kind of event, in the file of its component of Kafka, by `@explains(Kind)`."""
