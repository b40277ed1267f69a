"""The events by which a contact comes into an audience and leaves it."""

ENTERED = "Audience Entered"
EXITED = "Audience Exited"
"""As Segment calls them: https://segment.com/docs/engage/using-engage-data/#audience-generated-events."""
AUDIENCE = "audience"
"""The property that names the audience."""
