"""Patches that no telescope took: who is generated, how, and whether it can be told."""
