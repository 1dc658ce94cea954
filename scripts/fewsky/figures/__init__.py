"""Drawing: one style for all figures, and one module of helpers for each chapter."""
