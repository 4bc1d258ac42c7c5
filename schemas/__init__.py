"""What comes over the wire: pydantic models of calls, of the rate table and of each platform's payload."""
