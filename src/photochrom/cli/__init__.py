"""Signatures and help of the verbs; a verb's code is imported when it runs, so that --help stays quick."""
