"""The sections of the dock widget: they show values and say what a person asked for."""
