"""A Kafka cluster: how to connect, which topics there are, writing to them and reading from them."""
