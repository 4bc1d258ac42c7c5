"""Manifests for a cluster, and those of them that are made from files elsewhere in the repository."""
