"""Dashboards for Grafana, made from Python. `python -m grafana` writes them to grafana/dashboards."""
