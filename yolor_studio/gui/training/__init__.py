"""Fine-tuning from the window: the sheet that starts it and the page that follows it."""
