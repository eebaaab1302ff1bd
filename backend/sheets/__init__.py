"""Excel in and out. A sheet is described once as data; template, import, checks and export follow from it."""
