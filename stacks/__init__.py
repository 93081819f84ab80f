"""The app's own stacks and settings; not part of the wheel."""
