"""The splits room: parts, draws of labels, and the audit of both."""
