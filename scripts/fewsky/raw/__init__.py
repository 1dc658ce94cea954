"""The raw room: archive files brought into the store, verified."""
