"""From a run to its record: settings, held-out figures, evidence, the folder."""
