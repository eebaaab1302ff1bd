"""PDF documents: embedded subset fonts, text that wraps, tables over pages, pictures, codes of a given matrix."""
