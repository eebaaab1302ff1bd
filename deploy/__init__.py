"""Starting the whole service on one machine, and keeping it apart from other runs."""
