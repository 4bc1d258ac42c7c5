"""What is wrong with settings, for whoever wrote them: a line for each mistake, and no secret in any."""


class SettingsInvalid(Exception):
    """All mistakes of the settings, a line each."""
