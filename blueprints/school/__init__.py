"""School enrolment over HTTP: the bureau, schools, towns, reviewing units, and pages for anybody."""
