"""The live page."""

from aiohttp import web

from consumer.surface.desk import Desk


def add_page(served: web.Application, desk: Desk) -> None:
    """GET / and /events."""
