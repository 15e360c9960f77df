"""Where trials are carried out: here one by one, here side by side, or on the workers of a Dask scheduler."""
