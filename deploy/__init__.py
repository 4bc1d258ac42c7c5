"""What it takes to run callcost somewhere: rules and alerts, containers, clusters. Not part of the package."""
