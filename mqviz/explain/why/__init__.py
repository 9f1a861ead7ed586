"""Why: one file a component, one small function a kind of event."""
