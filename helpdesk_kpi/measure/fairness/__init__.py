"""What a fair comparison is made of: things of like kind, what others make of them, and what is chance."""
