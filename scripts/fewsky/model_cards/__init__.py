"""Model cards: one page of markdown a trained experiment, put together from files that exist."""
