"""The metrics room: predictions in, tidy tables with intervals out."""
