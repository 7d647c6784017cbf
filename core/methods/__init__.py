"""The methods: which weights are trained, and what takes the place of the others."""
