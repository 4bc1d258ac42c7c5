"""Recording rules and alerts for Prometheus, made from Python. `python -m deploy.rules` writes them."""
