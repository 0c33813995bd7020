"""The Frechet distance and the networks behind it: for runs while they train, and for evaluations."""
