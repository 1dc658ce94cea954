"""The paper: its numbers, tables, captions and typesetting."""
