"""`photochrom bench`: how fast, on this machine, beside whom, in one run."""
