"""The aligned room: every band of a field on the reference band's grid."""
