"""Facts from the county's base registers: value, source, date, trust, validity."""
