"""The form's side of RunConfig: its fields, their texts, and the run that they describe. Knows no widget."""
