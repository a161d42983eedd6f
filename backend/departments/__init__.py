"""The way to a department: people at our console, or the department's own system. Which one is the operator's to say."""
