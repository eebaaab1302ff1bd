"""Labels with codes: sheets and rolls as PDF, single pictures, posters, lists, and all of them in one bundle."""
