"""A trained model as a folder that others can use without finetui."""
