"""`python -m consumer` and the command `callcost`."""

from consumer.cli.main import app


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
