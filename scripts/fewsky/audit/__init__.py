"""What publications printed, held against arithmetic and against our runs."""
