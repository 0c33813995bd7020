"""How files become arrays and back: the parts under photo.py. Nothing here is public."""
