"""What a chart is made of, without a widget. Needs numpy: imported in a thread when the first chart is opened."""
