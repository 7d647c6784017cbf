"""Chat templates: which there are, and what of a rendered conversation is learned."""
