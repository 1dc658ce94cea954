"""A run given away: what goes into a bundle, its RO-Crate, its archive, and how one is taken over."""
