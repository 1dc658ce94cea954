"""The cutouts room: patches at catalogue positions, and what is measured on them."""
