"""A run given away: what goes into a bundle, its RO-Crate, its archive, how one is taken over."""
