"""The home on a Kafka cluster: calls in a topic, a fold for each partition, checkpoints in a compacted topic."""
