"""Scenarios of the mutants, which the project's own stack cannot play, are no tests by themselves."""

collect_ignore_glob = ["scenarios/*.yaml"]
