"""What people and Prometheus see of the figures."""
