"""The models room: the one trainer, what it is fed, and the simple opponents."""
