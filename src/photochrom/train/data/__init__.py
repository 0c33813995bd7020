"""Training pictures: which are for validation, in which order they come, and how they reach the device."""
