"""The demo sky: simulated surveys with known truth, written in the archives' own formats."""
