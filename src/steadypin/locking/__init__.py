"""Write a lock back in its own format: the smallest difference, byte for byte what was tested, atomically."""
